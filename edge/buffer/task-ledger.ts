import type { LedgerApi } from '../contract/ledger/api.ts';
import type { LeaseBeat, LedgerClaim, SettleReport, UnfencedReport } from '../contract/ledger/leases.ts';
import type { ListFilter, NewTask, RefusedTask, RetryFilter } from '../contract/ledger/tasks.ts';
import type { LiveUpdate } from '../contract/stats.ts';
import { logOf, shown } from '../platform/log.ts';
import { Alarm } from './alarm.ts';
import { ArchiveCalls } from './archive-calls.ts';
import { Ledger } from './ledger/ledger.ts';
import { RunnerPresence } from './ledger/stats/runner-presence.ts';
import type { PresentRunners } from './ledger/stats/runners.ts';
import { durableSql } from './ledger/store/durable-sql.ts';
import { Waker } from './ledger/waker.ts';
import { fullBytes, type LedgerEnv, pacedCallsPerSecond } from './ledger-env.ts';
import { Pacing } from './pacing.ts';
import { ReadGate } from './read-gate.ts';
import { ClientNames } from './sockets/client-names.ts';
import { LiveSockets } from './sockets/live-sockets.ts';
import { TaskWatch } from './sockets/task-watch.ts';
import { HibernatingSockets } from './sockets/wake-sockets.ts';
import { serializedGrant } from './views.ts';

/**
 * The Durable Object around the ledger. It provides the storage, runs the ledger's ticks by alarm, and wakes
 * runners when there is work for them.
 */
export class TaskLedger extends ArchiveCalls implements LedgerApi {
  protected readonly ledger: Ledger;
  readonly #alarm: Alarm;
  readonly #wakeSockets: HibernatingSockets;
  readonly #waker: Waker;
  readonly #presence: RunnerPresence;
  readonly #watch: TaskWatch;
  readonly #live: LiveSockets;
  /** Client calls that take the ledger long pass this gate. */
  readonly #gate = new ReadGate();
  /** Counts claims and reports. */
  readonly #pacing: Pacing;
  readonly #clients = new ClientNames();

  constructor(ctx: DurableObjectState, env: LedgerEnv) {
    super(ctx, env);
    this.ledger = new Ledger(durableSql(ctx.storage), {
      now: Date.now,
      random: Math.random,
      onTakenBack: ({ tasks, unstarted, ...lease }) =>
        logOf(env).warn('Tasks were taken back from a runner', {
          ...lease,
          count: tasks.length + unstarted.length,
          tasks: shown(tasks),
          unstarted: shown(unstarted),
        }),
      isConnected: (runner) => this.#wakeSockets.isConnected(runner),
      isFull: () => this.#isFull(),
      onReady: (types) => this.#waker.noteReady(types),
    });
    this.#pacing = new Pacing(pacedCallsPerSecond(env));
    this.#wakeSockets = new HibernatingSockets(ctx);
    this.#waker = new Waker(this.#wakeSockets, (types) => this.ledger.claimable(types));
    this.#presence = new RunnerPresence(this.#wakeSockets, this.#waker, this.ledger);
    this.#watch = new TaskWatch(this.ledger);
    this.#live = new LiveSockets(ctx, () => this.snapshot());
    this.#alarm = new Alarm(ctx.storage);
    ctx.blockConcurrencyWhile(() => this.#alarm.load());
  }

  async insert(tasks: NewTask[]) {
    if (this.#isFull()) return { full: true };
    this.ledger.insert(tasks);
    return this.#afterCommit({ full: false });
  }

  insertFailed(task: RefusedTask) {
    return this.#afterCommit(this.ledger.insertFailed(task));
  }

  claim(order: LedgerClaim) {
    const { runner, leaseId } = order;
    this.#presence.noteClaim(runner);
    const grant = this.ledger.claim(order);
    const count = grant.tasks.length;
    if (count > 0) logOf(this.env).debug('Tasks were claimed', () => ({ runner, leaseId, count }));
    this.#waker.noteClaim(order, grant);
    return this.#afterCommit({ ...serializedGrant(grant), spaceMs: this.#pacing.count(Date.now()) });
  }

  claimOne(taskId: string) {
    return this.#afterCommit(this.ledger.claimOne(taskId));
  }

  heartbeat(leases: LeaseBeat[]) {
    return this.#afterCommit(this.ledger.heartbeat(leases));
  }

  settle(reports: SettleReport[]) {
    const outcomes = this.ledger.settle(reports);
    return this.#afterCommit({ outcomes, spaceMs: this.#pacing.count(Date.now()) });
  }

  settleUnfenced(report: UnfencedReport) {
    return this.#afterCommit(this.ledger.settleUnfenced(report));
  }

  release(leaseId: string, taskIds: string[], delayMs?: number) {
    return this.#afterCommit(this.ledger.release(leaseId, taskIds, delayMs));
  }

  releaseLease(leaseId: string) {
    return this.#afterCommit(this.ledger.releaseLease(leaseId));
  }

  cancel(taskId: string) {
    return this.#afterCommit(this.ledger.cancel(taskId));
  }

  retry(taskId: string) {
    return this.#afterCommit(this.ledger.retry(taskId));
  }

  async cancelMany(filter: ListFilter) {
    return this.#afterCommit(await this.#gate.pass(() => this.ledger.cancelMany(filter)));
  }

  async retryMany(filter: RetryFilter) {
    return this.#afterCommit(await this.#gate.pass(() => this.ledger.retryMany(filter)));
  }

  async find(taskId: string) {
    return this.ledger.find(taskId);
  }

  awaitChange(taskId: string, version: string | null, timeoutMs: number) {
    return this.#watch.until(taskId, version, timeoutMs);
  }

  async keepClients(names: string[]) {
    this.#live.keep(this.#clients.keep(names, Date.now()));
  }

  async isRevoked(name: string, since: number) {
    return this.#clients.isRevoked(name, since);
  }

  list(filter: ListFilter) {
    return this.#gate.pass(() => this.ledger.list(filter));
  }

  ready(limit: number) {
    return this.#gate.pass(() => this.ledger.ready(limit));
  }

  listActive(limit: number) {
    return this.#gate.pass(() => this.ledger.listActive(limit));
  }

  snapshot() {
    return this.#gate.pass(() => this.#snapshot());
  }

  runners() {
    return this.#gate.pass(() => this.#runners().runners);
  }

  pause(type: string) {
    return this.#afterCommit(this.ledger.pause(type));
  }

  resume(type: string) {
    this.ledger.resume(type);
    this.#waker.noteResumed(type);
    return this.#afterCommit(undefined);
  }

  async putSchedule(name: string, settings: string, payload: string | null) {
    if (this.#isFull()) return { full: true } as const;
    return this.#afterCommit(this.ledger.schedules.put(name, settings, payload));
  }

  async schedule(name: string) {
    return this.ledger.schedules.find(name);
  }

  schedules(after: string, limit: number) {
    return this.#gate.pass(() => this.ledger.schedules.list(after, limit));
  }

  async deleteSchedule(name: string) {
    return this.ledger.schedules.delete(name);
  }

  pauseSchedule(name: string) {
    return this.#afterCommit(this.ledger.schedules.pause(name));
  }

  resumeSchedule(name: string) {
    return this.#afterCommit(this.ledger.schedules.resume(name));
  }

  async runSchedule(name: string, plannedAt: number, key: string) {
    if (this.#isFull()) return { full: true } as const;
    return this.#afterCommit(this.ledger.schedules.run(name, plannedAt, key));
  }

  async backfillSchedule(name: string, plannedAts: number[], requestedAt: number) {
    if (this.#isFull()) return { full: true } as const;
    return this.#afterCommit(this.ledger.schedules.backfill(name, plannedAts, requestedAt));
  }

  async reserve(key: string, bodyHash: string, submission: string, header: string, closed?: boolean) {
    return this.ledger.reserve(key, bodyHash, submission, closed || this.#isFull(), header);
  }

  async markAccepted(key: string, submission: string) {
    this.ledger.markAccepted(key, submission);
  }

  async size() {
    return this.ctx.storage.sql.databaseSize;
  }

  async capacity() {
    return { full: this.#isFull(), typesFull: this.ledger.typesFull() };
  }

  async unknownTypes(types: string[]) {
    return this.ledger.unknownTypes(types);
  }

  /**
   * Opens a socket: with `?runner=`, a wake socket of the runner with this name, or else a live socket of
   * `?client=`.
   */
  override async fetch(request: Request) {
    const { searchParams } = new URL(request.url);
    const runner = searchParams.get('runner');
    return runner === null
      ? this.#live.accept(searchParams.get('client') ?? '')
      : this.#presence.open(runner);
  }

  override async webSocketClose(socket: WebSocket) {
    socket.close();
    this.#presence.noteClosed(socket);
    this.#live.note();
  }

  override async alarm() {
    this.#alarm.noteRang();
    await this.#afterCommit(this.ledger.tick());
  }

  /** Only calls that accept submissions check this. Claims and results may use the rest of the storage. */
  #isFull(): boolean {
    return this.ctx.storage.sql.databaseSize > fullBytes(this.env);
  }

  #snapshot(): LiveUpdate {
    const { runners, handled } = this.#runners();
    return { stats: this.ledger.stats(handled), runners };
  }

  #runners(): PresentRunners {
    return this.ledger.runners(this.#wakeSockets.runners());
  }

  /**
   * Runs after each call: notifies the calls that wait for a change, wakes runners for tasks that have become
   * ready, sets the alarm for the next tick, and returns the answer.
   */
  async #afterCommit<Answer>(answer: Answer): Promise<Answer> {
    this.#watch.note();
    this.#live.note();
    this.#waker.wake(Date.now());
    await this.#alarm.ringBy(this.ledger.nextTickAt());
    return answer;
  }
}
