import type {
  ArchivePage,
  DueWindow,
  FailedStep,
  Failure,
  OpenSeal,
  RoundEnd,
} from '../../../contract/ledger/archive.ts';
import type {
  ClaimGrant,
  ClaimWant,
  HeartbeatResult,
  LeaseBeat,
  LedgerClaim,
  SettleOutcome,
  SettleReport,
  SingleClaimGrant,
  TypeRetry,
  UnfencedOutcome,
  UnfencedReport,
} from '../../../contract/ledger/leases.ts';
import type {
  CancelOutcome,
  ChangedPage,
  FoundTask,
  ListFilter,
  NewTask,
  RefusedTask,
  RetryFilter,
  RetryOutcome,
  TaskPage,
  TaskRow,
  WorkRow,
} from '../../../contract/ledger/tasks.ts';
import type { PerType } from '../../../contract/per-type.ts';
import { isTerminal, type TaskError, type TaskState } from '../../../contract/task.ts';
import { createdAtOf } from '../../../contract/task-id.ts';
import type { Ledger, LedgerSources } from '../ledger.ts';
import { ArchiveModel } from './model-archive.ts';
import {
  type Ended,
  fresh,
  grantedOf,
  holderName,
  isHeld,
  type Lease,
  maxAttemptsOf,
  NO_REASON,
  rowOf,
  type Task,
  workOf,
} from './model-task.ts';

/**
 * What the ledger does, said again in maps and loops, as its reference. It knows nothing of SQL, and has no
 * bounds of size: no payloads that fill an answer, no thousand due tasks.
 *
 * What holds after every call:
 *
 * - A task is held by one lease or by none; leased means held.
 * - A leased task has started, or was read ahead. Only a start spends an attempt.
 * - A held task that is not leased was cancelled, and perhaps brought back, while it ran. Nobody claims it.
 * - A lease is open as long as it holds a task.
 * - `completedAt` is set in a terminal state, and in no other.
 *
 * What holds of ended tasks and their windows is said at {@link ArchiveModel}.
 */
export class Model implements Calls {
  readonly tasks = new Map<string, Task>();
  readonly leases = new Map<string, Lease>();
  readonly paused = new Set<string>();
  readonly #sources: LedgerSources;
  readonly #archive: ArchiveModel;
  #forgotAt = 0;
  #unfenced = 0;

  constructor(sources: LedgerSources) {
    this.#sources = sources;
    this.#archive = new ArchiveModel(this.tasks, () => this.#now());
  }

  /** A new process over the same data. */
  restart(): void {
    this.#forgotAt = 0;
  }

  insert(tasks: readonly NewTask[]): void {
    const now = this.#now();
    for (const task of tasks) {
      if (this.tasks.has(task.id) || this.#isSealed(task.id)) continue;
      const runAt = task.runAt ?? Math.min(createdAtOf(task.id), now);
      this.tasks.set(task.id, { ...fresh(task, now), runAt, state: runAt > now ? 'scheduled' : 'ready' });
    }
  }

  insertFailed({ id, type, payload, reason }: RefusedTask): void {
    if (this.tasks.has(id) || this.#isSealed(id)) return;
    const now = this.#now();
    const task = fresh({ id, type, payload, priority: 0, maxAttempts: 0 }, now);
    const error = { code: 'invalid_task', message: reason };
    const refused = { ...task, runAt: now, error };
    this.tasks.set(id, refused);
    this.#end(refused, 'failed');
  }

  claim(order: LedgerClaim): ClaimGrant {
    this.tick();
    const types = order.wants.flatMap((want) => want.types);
    const known = this.leases.get(order.leaseId);
    if (known) {
      const tasks = this.#heldUnder(known).filter((task) => task.state === 'leased');
      return { tasks: tasks.map(grantedOf), expiresAt: known.expiresAt, ...this.#left(order, types) };
    }
    const expiresAt = this.#deadline(order.leaseSeconds);
    const picks = order.wants.map((want) => this.#pick(want));
    const started = picks.flatMap((pick) => pick.started);
    const ahead = picks.flatMap((pick) => pick.ahead);
    if (started.length + ahead.length > 0) {
      this.#lease(order.leaseId, order.runner, order.leaseSeconds, [...started, ...ahead]);
    }
    for (const task of started) this.#start(task);
    const tasks = picks.flatMap((pick) => [...pick.started, ...pick.ahead]).map(grantedOf);
    return { tasks, expiresAt, ...this.#left(order, types) };
  }

  claimOne(taskId: string): SingleClaimGrant {
    this.tick();
    const task = this.tasks.get(taskId);
    if (!task) return { unknown: true };
    if (task.state !== 'ready') return { unavailable: task.state };
    if (this.paused.has(task.type)) return { paused: true };
    this.#unfenced += 1;
    const leaseId = `unfenced:${this.#unfenced}`;
    const seconds = Math.max(300, task.timeoutSeconds ?? 0);
    this.#lease(leaseId, 'single-task consumer', seconds, [task]);
    this.#start(task);
    return { claimed: workOf(task), leaseId };
  }

  heartbeat(beats: readonly LeaseBeat[]): HeartbeatResult {
    const answer: HeartbeatResult = { extended: [], lost: [], cancelled: [] };
    for (const { leaseId, holds, started = [], progress = [] } of beats) {
      const lease = this.leases.get(leaseId);
      for (const task of lease ? this.#heldUnder(lease) : []) {
        if (task.state === 'leased' && started.includes(task.id)) this.#start(task);
      }
      for (const task of lease ? this.#heldUnder(lease) : []) {
        if (!holds.includes(task.id)) this.#takeBack(task, 'The runner does not hold the task any more');
        else if (task.state !== 'leased') answer.cancelled.push(task.id);
      }
      for (const id of holds) if (this.tasks.get(id)?.leaseId !== leaseId) answer.lost.push(id);
      this.#endEmptyLeases();
      if (!lease || lease.endedAt !== null) continue;
      lease.expiresAt = Math.max(lease.expiresAt, this.#deadline(lease.seconds));
      for (const { taskId, value } of progress) lease.progress.set(taskId, value);
      answer.extended.push({ leaseId, expiresAt: lease.expiresAt });
    }
    return answer;
  }

  settle(reports: readonly SettleReport[]): SettleOutcome[] {
    return reports.map((report) => {
      const task = this.tasks.get(report.taskId);
      if (!task) return { taskId: report.taskId, state: 'unknown' };
      if (task.leaseId !== report.leaseId) return { taskId: task.id, state: 'stale' };
      if (isHeld(task) && task.state !== 'leased') {
        this.#letGo(task);
        return { taskId: task.id, state: 'cancelled' };
      }
      if (task.state === 'leased') this.#endAttempt(task, report, report.retry);
      const { id: taskId, state, runAt } = task;
      return state === 'scheduled' || state === 'ready' ? { taskId, state, runAt } : { taskId, state };
    });
  }

  settleUnfenced(report: UnfencedReport): UnfencedOutcome {
    const task = this.tasks.get(report.taskId);
    if (!task) return { unknown: true };
    const unfenced = task.leaseId?.startsWith('unfenced:') ?? false;
    if (unfenced && isHeld(task) && task.state !== 'leased') {
      this.#letGo(task);
      return { settled: 'cancelled' };
    }
    if (isTerminal(task.state)) return { settled: task.state };
    if (task.state !== 'leased') return { refused: task.state, fenced: false };
    if (!unfenced) return { refused: task.state, fenced: true };
    this.#endAttempt(task, { ...report, error: { ...(report.error ?? NO_REASON), retryable: false } });
    return { settled: task.state };
  }

  release(leaseId: string, taskIds: readonly string[], delayMs = 0): string[] {
    const released = [];
    for (const task of this.tasks.values()) {
      if (!isHeld(task) || task.leaseId !== leaseId || !taskIds.includes(task.id)) continue;
      released.push(task.id);
      if (task.state !== 'leased') {
        this.#letGo(task);
        continue;
      }
      if (task.startedAt !== null) task.attempt -= 1;
      Object.assign(task, { state: 'ready', claimedAt: null, startedAt: null, leaseId: null });
      if (delayMs > 0) Object.assign(task, { state: 'scheduled', runAt: this.#now() + delayMs });
      this.#endEmptyLeases();
    }
    return released;
  }

  releaseLease(leaseId: string): string[] {
    const ended = { seconds: 0, expiresAt: this.#now(), endedAt: this.#now() };
    const lease = this.leases.get(leaseId) ?? {
      ...{ id: leaseId, runner: '', ...ended, taskIds: [], progress: new Map() },
    };
    this.leases.set(leaseId, lease);
    return this.release(
      leaseId,
      this.#heldUnder(lease).map((task) => task.id),
    );
  }

  cancel(taskId: string): CancelOutcome {
    const task = this.tasks.get(taskId);
    if (!task) return this.#isSealed(taskId) ? { sealed: true } : { unknown: true };
    if (this.#archive.isFrozen(task)) return { sealed: true };
    if (task.state === 'cancelled') return { changed: false };
    if (isTerminal(task.state)) return { refused: task.state };
    const error = { code: 'cancelled', message: 'The task was cancelled' };
    if (task.state === 'leased' && task.startedAt !== null) this.#recordAttempt(task, error);
    Object.assign(task, { error, result: null });
    this.#end(task, 'cancelled');
    return { changed: true };
  }

  retry(taskId: string): RetryOutcome {
    const task = this.tasks.get(taskId);
    if (!task) return this.#isSealed(taskId) ? { sealed: true } : { unknown: true };
    if (this.#archive.isFrozen(task)) return { sealed: true };
    if (task.state !== 'failed' && task.state !== 'cancelled') return { refused: task.state };
    if (task.maxAttempts === 0) return { refused: task.state };
    const state = isHeld(task) ? 'scheduled' : 'ready';
    Object.assign(task, {
      state,
      runAt: this.#now(),
      attempt: 0,
      lostDeliveries: 0,
      completedAt: null,
      error: null,
      result: null,
    });
    return { retried: true };
  }

  retryMany({ state, since, ...filter }: RetryFilter): ChangedPage {
    const { page, nextCursor } = this.#page({ ...filter, states: [state] });
    const late = page.filter((task) => (task.completedAt ?? 0) >= since);
    const changed = late.filter((task) => 'retried' in this.retry(task.id)).map((task) => task.id);
    return { changed, nextCursor };
  }

  cancelMany(filter: ListFilter): ChangedPage {
    const { page, nextCursor } = this.#page(filter);
    const alive = page.filter((task) => !isTerminal(task.state));
    for (const task of alive) this.cancel(task.id);
    return { changed: alive.map((task) => task.id), nextCursor };
  }

  pause(type: string): void {
    this.paused.add(type);
  }

  resume(type: string): void {
    this.paused.delete(type);
  }

  closable(retention: PerType, limit: number, early?: boolean): DueWindow[] {
    return this.#archive.closable(retention, limit, early);
  }

  seal(window: string, retention: PerType): boolean {
    return this.#archive.seal(window, retention);
  }

  openSeals(limit: number): OpenSeal[] {
    return this.#archive.openSeals(limit);
  }

  archivePage(window: string, round: number): ArchivePage | null {
    return this.#archive.archivePage(window, round);
  }

  markArchived(window: string, round: number, end: RoundEnd): void {
    this.#archive.markArchived(window, round, end);
  }

  purge(window: string): { more: boolean } {
    return this.#archive.purge(window);
  }

  noteFailure(step: FailedStep, name: string): boolean {
    return this.#archive.noteFailure(step, name);
  }

  clearFailure(step: FailedStep, name: string): void {
    this.#archive.clearFailure(step, name);
  }

  failures(): Failure[] {
    return this.#archive.failures();
  }

  tick(): void {
    const now = this.#now();
    const expired = [...this.leases.values()].filter((it) => it.endedAt === null && it.expiresAt <= now);
    for (const task of expired.flatMap((lease) => this.#heldUnder(lease))) {
      this.#takeBack(task, 'The runner did not renew its lease in time');
    }
    for (const task of this.tasks.values()) {
      if (task.state === 'scheduled' && !isHeld(task) && task.runAt <= now) task.state = 'ready';
    }
    if (now - this.#forgotAt < 600_000) return;
    this.#forgotAt = now;
    for (const [id, { endedAt }] of this.leases) {
      if (endedAt !== null && endedAt <= now - 3_600_000) this.leases.delete(id);
    }
  }

  nextTickAt(): number | null {
    const deadlines = [...this.leases.values()].filter((it) => it.endedAt === null).map((it) => it.expiresAt);
    const due = this.#waiting().map((task) => task.runAt);
    return [...deadlines, ...due].reduce((a: number | null, b) => (a === null ? b : Math.min(a, b)), null);
  }

  find(taskId: string): FoundTask {
    const task = this.tasks.get(taskId);
    if (task) return { task: this.#rowOf(task) };
    const rounds = this.#archive.roundsOf(taskId);
    return rounds === null ? { unknown: true } : { sealed: true, rounds };
  }

  list(filter: ListFilter): TaskPage {
    const { page, nextCursor } = this.#page(filter);
    const tasks = page.map(({ id, type, state, attempt, completedAt, tags }) => {
      return { id, type, state, attempt, completedAt, tags };
    });
    return { tasks, nextCursor };
  }

  #page({ states, type, tag, from = '', before = '~', cursor = '~', limit }: ListFilter) {
    const page = [...this.tasks.values()]
      .filter(({ id }) => id >= from && id < before && id < cursor)
      .filter((task) => (!states || states.includes(task.state)) && (!type || task.type === type))
      .filter((task) => !tag || task.tags?.includes(tag))
      .sort((a, b) => (a.id < b.id ? 1 : -1))
      .slice(0, limit);
    return { page, nextCursor: page.length === limit ? (page.at(-1)?.id ?? null) : null };
  }

  /** How many tasks of each type are in each state. */
  counts(): string[] {
    const tasks = [...this.tasks.values()].map(({ type, state }) => `${type} ${state}`);
    return [...Map.groupBy(tasks, (name) => name)].map(([name, ofName]) => `${name} ${ofName.length}`);
  }

  ready(limit: number): WorkRow[] {
    const types = [...new Set([...this.tasks.values()].map((task) => task.type))];
    return this.#ready(types).slice(0, limit).map(workOf);
  }

  listActive(limit: number): WorkRow[] {
    return [...this.tasks.values()]
      .filter((task) => !isTerminal(task.state))
      .slice(0, limit)
      .map(workOf);
  }

  /** Who holds what. */
  holders(): string[] {
    return [...this.tasks.values()].filter(isHeld).map((task) => `${task.id} ${holderName(task.leaseId)}`);
  }

  openLeases(): string[] {
    const open = [...this.leases.values()].filter((lease) => lease.endedAt === null);
    return open.map((lease) => `${holderName(lease.id)} until ${lease.expiresAt}`);
  }

  #now(): number {
    return this.#sources.now();
  }

  /** A whole millisecond, no sooner than the lease's time is up. */
  #deadline(seconds: number): number {
    return this.#now() + Math.ceil(seconds * 1000);
  }

  #isSealed(taskId: string): boolean {
    return this.#archive.roundsOf(taskId) !== null;
  }

  #ready(types: readonly string[]): Task[] {
    return [...this.tasks.values()]
      .filter(({ state, type }) => state === 'ready' && types.includes(type) && !this.paused.has(type))
      .sort((a, b) => b.priority - a.priority || a.runAt - b.runAt || (a.id < b.id ? -1 : 1));
  }

  /** What a claim takes: the first tasks to start, then what may be read ahead of each type. */
  #pick({ types, limit, starts = limit, ahead = {} }: ClaimWant): { started: Task[]; ahead: Task[] } {
    const ready = this.#ready(types);
    const started = ready.slice(0, Math.min(starts, limit));
    const read: Task[] = [];
    for (const task of ready.slice(started.length)) {
      const ofType = read.filter(({ type }) => type === task.type).length;
      const isFull = started.length + read.length >= limit;
      if (!isFull && ofType < (ahead[task.type] ?? 0)) read.push(task);
    }
    return { started, ahead: read };
  }

  #left({ wants }: LedgerClaim, types: readonly string[]): Pick<ClaimGrant, 'ready' | 'next'> {
    const heads = wants.map((want) => this.#ready(want.types)[0]);
    const next = heads.map((head) => (head ? { priority: head.priority, runAt: head.runAt } : null));
    return { ready: this.#ready(types).length, next };
  }

  #waiting(): Task[] {
    return [...this.tasks.values()].filter((task) => task.state === 'scheduled' && !isHeld(task));
  }

  #heldUnder({ id, taskIds }: Lease): Task[] {
    return taskIds
      .flatMap((taskId) => this.tasks.get(taskId) ?? [])
      .filter((task) => isHeld(task) && task.leaseId === id);
  }

  #lease(id: string, runner: string, seconds: number, picks: readonly Task[]): void {
    const taskIds = picks.map((task) => task.id);
    const expiresAt = this.#deadline(seconds);
    this.leases.set(id, { id, runner, seconds, expiresAt, endedAt: null, taskIds, progress: new Map() });
    for (const task of picks) {
      Object.assign(task, { state: 'leased', leaseId: id, claimedAt: this.#now(), startedAt: null });
    }
  }

  /** Only a start spends an attempt. */
  #start(task: Task, at: number | null = this.#now()): void {
    if (task.startedAt !== null) return;
    Object.assign(task, { startedAt: at, attempt: task.attempt + 1, lostDeliveries: 0 });
  }

  #endEmptyLeases(): void {
    for (const lease of this.leases.values()) {
      if (lease.endedAt === null && this.#heldUnder(lease).length === 0) lease.endedAt = this.#now();
    }
  }

  #letGo(task: Task): void {
    Object.assign(task, { claimedAt: null, startedAt: null });
    if (task.state === 'scheduled') task.state = 'ready';
    else {
      task.completedAt = this.#archive.endedAt(task);
      this.#archive.noteEnd(task);
    }
    this.#endEmptyLeases();
  }

  #takeBack(task: Task, message: string): void {
    if (task.state !== 'leased') this.#letGo(task);
    else if (task.startedAt === null) this.#redeliver(task);
    else this.#endAttempt(task, { success: false, error: { code: 'lease_expired', message } });
    task.leaseId = null;
    this.#endEmptyLeases();
  }

  /** A task that was lost before it started has spent no attempt. */
  #redeliver(task: Task): void {
    const now = this.#now();
    task.lostDeliveries += 1;
    task.claimedAt = null;
    if (task.lostDeliveries === 1) task.state = 'ready';
    else if (task.lostDeliveries < 20) {
      const delaySeconds = Math.min(300, 2 ** (task.lostDeliveries - 2));
      Object.assign(task, { state: 'scheduled', runAt: now + delaySeconds * 1000 });
    } else {
      const message = '20 runners were given the task and none reported its start';
      task.error = { code: 'undeliverable', message };
      this.#end(task, 'failed');
    }
  }

  #recordAttempt(task: Task, error: TaskError | null): void {
    const runner = this.leases.get(task.leaseId ?? '')?.runner ?? 'unknown';
    const startedAt = task.startedAt ?? this.#now();
    const attempt = { attempt: task.attempt, runner, startedAt, endedAt: this.#now() };
    task.attempts = [...task.attempts, error ? { ...attempt, error } : attempt].slice(-10);
  }

  #end(task: Task, state: TaskState): void {
    Object.assign(task, { state, completedAt: this.#now() });
    this.#archive.noteEnd(task);
  }

  #endAttempt(task: Task, report: Ended, typeRetry?: TypeRetry): void {
    const { retryable = true, ...error } = report.error ?? NO_REASON;
    this.#start(task, task.claimedAt);
    this.#recordAttempt(task, report.success ? null : error);
    Object.assign(task, { claimedAt: null, startedAt: null });
    if (report.success) {
      const result = report.result ?? null;
      Object.assign(task, { error: null, result });
      this.#end(task, 'completed');
    } else {
      task.typeRetry = typeRetry ?? task.typeRetry ?? {};
      Object.assign(task, { error, result: null });
      if (!retryable || task.attempt >= maxAttemptsOf(task)) {
        this.#end(task, 'failed');
      } else {
        task.runAt = this.#now() + this.#delay(task);
        task.state = task.runAt > this.#now() ? 'scheduled' : 'ready';
      }
    }
    this.#endEmptyLeases();
  }

  #delay({ backoff, typeRetry, attempt }: Task): number {
    const base = backoff?.baseSeconds ?? typeRetry?.backoff?.baseSeconds ?? 1;
    const cap = backoff?.capSeconds ?? typeRetry?.backoff?.capSeconds ?? 3600;
    return Math.round(this.#sources.random() * Math.min(cap, base * 2 ** (attempt - 1)) * 1000);
  }

  #rowOf(task: Task): TaskRow {
    const progress = task.state === 'leased' ? this.leases.get(task.leaseId ?? '')?.progress : undefined;
    return { ...rowOf(task), progress: progress?.get(task.id) ?? null };
  }
}

/** What both the ledger and the model answer. */
export type Calls = { [Name in Modelled]: (...args: Parameters<Ledger[Name]>) => unknown };
type Modelled =
  | (
      | 'insert'
      | 'insertFailed'
      | 'claim'
      | 'claimOne'
      | 'heartbeat'
      | 'settle'
      | 'settleUnfenced'
      | 'release'
      | 'releaseLease'
    )
  | (
      | 'cancel'
      | 'cancelMany'
      | 'retry'
      | 'retryMany'
      | 'pause'
      | 'resume'
      | 'find'
      | 'list'
      | 'ready'
      | 'listActive'
      | 'tick'
      | 'nextTickAt'
    )
  | ('closable' | 'seal' | 'openSeals' | 'archivePage' | 'markArchived' | 'purge')
  | ('noteFailure' | 'clearFailure' | 'failures');
