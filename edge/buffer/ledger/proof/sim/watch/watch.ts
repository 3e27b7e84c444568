import type {
  ClaimGrant,
  ClaimWant,
  HeartbeatResult,
  LeaseBeat,
  LedgerClaim,
  SettleOutcome,
} from '../../../../../contract/ledger/leases.ts';
import { isTerminal, type TaskState } from '../../../../../contract/task.ts';
import type { Sql } from '../../../store/sql.ts';
import { Violation, type World } from '../world.ts';
import { ArchiveWatch } from './archive-watch.ts';
import type { Asks } from './asks.ts';
import { type Change, changesOf, logChanges } from './changes.ts';
import { ScheduleWatch } from './schedule-watch.ts';

interface Cause {
  name: string;
  asks: Asks;
}

/**
 * Checks every change of every row against rules that do not depend on the implementation of the ledger:
 *
 * - one outcome: only a retry changes a terminal state, and `completed` never changes;
 * - one holder: a task is not granted while a lease holds it;
 * - fencing: a lease loses a task only by a report, a release or a heartbeat under the same lease, or after its
 *   expiry; only a successful report completes a task;
 * - starts: a task starts by the claim that asked for its start, by a heartbeat that lists it, or by a report;
 * - attempts: each start counts one, a release gives it back, a retry resets them, and none exceeds the maximum;
 * - deliveries: an expired lease does not end a task that has not started, except after 20 such leases in a row;
 * - one use: a lease id never grants tasks that its first answer did not contain, and none after its release;
 * - order: a task is not claimed before a ready task that precedes it in the queue;
 * - nothing lost: a row is inserted once, and only the purge of an archive round deletes it;
 * - answers: the answers to a runner match the state of its tasks.
 *
 * {@link ArchiveWatch} has the rules of the archive, {@link ScheduleWatch} those of schedules.
 */
export class Watch {
  readonly tasks = new Map<string, Seen>();
  /** The final states of the tasks whose rows were purged. */
  readonly purged = new Map<string, TaskState>();
  readonly archive: ArchiveWatch;
  readonly schedules: ScheduleWatch;
  readonly #world: World;
  readonly #sql: Sql;
  /** When each lease expires, in Unix milliseconds. */
  readonly #until = new Map<string, number>();
  /** The tasks in the first grant of each lease. */
  readonly #grants = new Map<string, Set<string>>();
  readonly #released = new Set<string>();

  constructor(world: World, sql: Sql) {
    this.#world = world;
    this.#sql = sql;
    this.archive = new ArchiveWatch(world);
    this.schedules = new ScheduleWatch(world);
    logChanges(sql);
  }

  /** Checks the changes of a call. Without a call, checks that nothing has changed. */
  checkChanges(call: Cause | null): void {
    for (const change of changesOf(this.#sql)) {
      if (!call) throw new Violation('nothing lost', `a restart changed ${change.id}`);
      this.#check(change, call);
    }
  }

  checkGrant({ leaseId, wants }: LedgerClaim, { tasks, expiresAt }: ClaimGrant): void {
    const first = this.#grants.get(leaseId);
    for (const task of tasks) {
      const seen = this.tasks.get(task.id);
      if (seen?.holder !== leaseId)
        throw new Violation('answers', `${leaseId} was granted ${task.id}, which it does not hold`);
      const attempt = seen.spent + (seen.started ? 0 : 1);
      if (task.attempt !== attempt || attempt > task.maxAttempts)
        throw new Violation('attempts', `${task.id} got attempt ${task.attempt}, expected ${attempt}`);
      if (this.#released.has(leaseId) || (first && !first.has(task.id)))
        throw new Violation('one use', `${leaseId} was granted ${task.id} later`);
    }
    if (first || tasks.length === 0) return;
    this.#grants.set(leaseId, new Set(tasks.map((task) => task.id)));
    this.#until.set(leaseId, expiresAt);
    for (const want of wants) {
      const granted = tasks.filter((task) => want.types.includes(task.type));
      this.#checkWant(
        want,
        granted.flatMap((task) => this.tasks.get(task.id) ?? []),
      );
    }
  }

  noteReleased(leaseId: string): void {
    this.#released.add(leaseId);
  }

  checkHeartbeat(beats: readonly LeaseBeat[], { extended, lost, cancelled }: HeartbeatResult): void {
    for (const { leaseId, expiresAt } of extended) {
      if (expiresAt < (this.#until.get(leaseId) ?? 0))
        throw new Violation('fencing', `${leaseId} was shortened`);
      this.#until.set(leaseId, expiresAt);
    }
    for (const { leaseId, holds, started = [] } of beats) {
      for (const id of holds) {
        const seen = this.tasks.get(id);
        const isHeld = seen?.holder === leaseId;
        if (isHeld && lost.includes(id))
          throw new Violation('answers', `${id} was reported as lost to its holder`);
        if (isHeld && seen.state !== 'leased' && !cancelled.includes(id)) {
          throw new Violation('answers', `${id} was not reported as cancelled to its holder`);
        }
        if (isHeld && seen.state === 'leased' && !seen.started && started.includes(id))
          throw new Violation('starts', `the start of ${id} was reported but not counted`);
      }
    }
  }

  checkOutcomes(outcomes: readonly SettleOutcome[]): void {
    for (const { taskId, state } of outcomes) {
      if (state !== 'completed' && state !== 'failed') continue;
      const seen = this.tasks.get(taskId)?.state;
      if (seen !== state) throw new Violation('answers', `${taskId} is ${seen}, but its runner got ${state}`);
    }
  }

  #check(change: Change, call: Cause): void {
    const { id, state } = change;
    const before = this.tasks.get(id);
    this.archive.checkChange(change, call.name);
    if (change.kind === 'deleted') {
      if (call.name !== 'purge' || !before) throw new Violation('nothing lost', `${call.name} deleted ${id}`);
      this.tasks.delete(id);
      this.purged.set(id, before.state);
      return;
    }
    if (change.kind === 'inserted') {
      const { type, priority, run_at: runAt } = change;
      this.schedules.noteInserted(change, (run) => this.tasks.get(run));
      this.tasks.set(id, { id, type, priority, runAt, state, ...UNTOUCHED });
      return;
    }
    if (!before) throw new Violation('nothing lost', `${call.name} changed ${id}, which is unknown`);
    this.#checkState(before, change, call);
    const { holder } = before;
    this.#checkHolder(before, change, call);
    this.#checkStart(before, holder, change, call);
    this.#checkAttempts(before, change, call);
    this.#checkDelivery(before, change, call);
    this.#noteEnd(before, state);
    Object.assign(before, { state, runAt: change.run_at, started: change.started_at !== null });
  }

  #noteEnd(task: Seen, state: TaskState): void {
    const { now } = this.#world.clock;
    const hasEnded = isTerminal(state);
    if (!hasEnded || !isTerminal(task.state)) task.endedAt = hasEnded ? now : null;
    task.freeAt = hasEnded && task.holder === null ? (task.freeAt ?? now) : null;
  }

  #checkState(before: Seen, { id, state }: Change, { name, asks }: Cause): void {
    if (state === before.state) return;
    if (isTerminal(before.state) && (name !== 'retry' || before.state === 'completed')) {
      throw new Violation('one outcome', `${name} changed ${id} from ${before.state} to ${state}`);
    }
    if (state !== 'completed') return;
    const reported = asks.reports?.some((report) => report.taskId === id && report.success) ?? false;
    if (!reported) throw new Violation('fencing', `${name} completed ${id} without a success`);
  }

  #checkStart({ started }: Seen, holder: string | null, change: Change, { name, asks }: Cause): void {
    const { id, lease_id: leaseId, started_at: startedAt } = change;
    if (started && startedAt === null && change.claimed_at !== null)
      throw new Violation('starts', `${name} made the start of ${id} unknown`);
    if (started || startedAt === null) return;
    const reported = asks.beats?.some((it) => it.leaseId === leaseId && it.started?.includes(id)) ?? false;
    if (!reported && (name !== 'claim' || holder !== null))
      throw new Violation('starts', `${name} started ${id}, but no runner reported its start`);
  }

  #checkHolder(
    before: Seen,
    { id, state, lease_id: leaseId, claimed_at: claimedAt }: Change,
    call: Cause,
  ): void {
    const { holder } = before;
    if (holder !== null && claimedAt !== null && leaseId === holder) return;
    if (holder !== null) {
      if (state === 'leased') throw new Violation('one holder', `${id} went from ${holder} to ${leaseId}`);
      if (!this.#mayLeave(id, holder, call))
        throw new Violation('fencing', `${call.name} took ${id} from ${holder}`);
      before.holder = null;
    }
    if (claimedAt === null) return;
    if (call.name !== 'claim' || before.state !== 'ready') {
      throw new Violation('one holder', `${call.name} granted ${id}, which was ${before.state}`);
    }
    before.holder = leaseId;
  }

  #mayLeave(id: string, holder: string, { name, asks }: Cause): boolean {
    switch (name) {
      case 'settle':
        return asks.reports?.some((report) => report.taskId === id && report.leaseId === holder) ?? false;
      case 'release':
        return asks.leaseId === holder && (asks.taskIds?.includes(id) ?? false);
      case 'releaseLease':
        return asks.leaseId === holder;
      case 'heartbeat':
        return asks.beats?.some((beat) => beat.leaseId === holder && !beat.holds.includes(id)) ?? false;
      case 'claim':
      case 'tick':
        return (this.#until.get(holder) ?? 0) <= this.#world.clock.now;
      default:
        return false;
    }
  }

  #checkAttempts(before: Seen, { id, state, attempt, started_at: startedAt }: Change, { name }: Cause): void {
    const leaves = before.state === 'leased' && state !== 'leased';
    const startsNow = !before.started && (startedAt !== null || (name === 'settle' && leaves));
    if (startsNow) before.spent += 1;
    if ((name === 'release' || name === 'releaseLease') && leaves && before.started) before.spent -= 1;
    if (name === 'retry') before.spent = 0;
    if (startsNow || name === 'retry') before.lost = 0;
    if (attempt !== before.spent) {
      throw new Violation(
        'attempts',
        `${id} has used ${before.spent} attempts, but the ledger counts ${attempt}`,
      );
    }
  }

  /** A lease that ends by expiry or by a heartbeat has lost its tasks that were read ahead. */
  #checkDelivery(before: Seen, { id, state, error }: Change, { name }: Cause): void {
    const leaves = before.state === 'leased' && state !== 'leased';
    if (!leaves || before.started || !TAKING_BACK.includes(name)) return;
    before.lost += 1;
    const undeliverable = state === 'failed' && error !== null && JSON.parse(error).code === 'undeliverable';
    if (undeliverable !== before.lost >= MAX_LOST_DELIVERIES || (isTerminal(state) && !undeliverable)) {
      throw new Violation('deliveries', `${id} is ${state} after ${before.lost} lost deliveries`);
    }
  }

  /** Tasks that start come first, then tasks of each type that are read ahead; both in the order of the queue. */
  #checkWant({ types, limit, starts = limit, ahead = {} }: ClaimWant, granted: readonly Seen[]): void {
    const started = granted.slice(0, starts);
    const read = granted.slice(starts);
    const wrong = started.find((task) => !task.started) ?? read.find((task) => task.started);
    if (wrong)
      throw new Violation('starts', `${wrong.id} was ${wrong.started ? '' : 'not '}started by its claim`);
    const isReady = ({ state, type }: Seen) => state === 'ready' && types.includes(type);
    const left = [...this.tasks.values()].filter(isReady);
    this.#checkOrder(started, [...left, ...read]);
    const mayBeRead = (type: string) => read.filter((task) => task.type === type).length < (ahead[type] ?? 0);
    this.#checkOrder(
      read,
      left.filter((task) => mayBeRead(task.type)),
    );
  }

  #checkOrder(granted: readonly Seen[], others: readonly Seen[]): void {
    const last = granted.reduce(later, undefined);
    const passed = last && others.find((task) => comesBefore(task, last));
    if (passed) throw new Violation('order', `${last.id} was claimed before ${passed.id}`);
  }
}

const MAX_LOST_DELIVERIES = 20;
const TAKING_BACK = ['claim', 'tick', 'heartbeat'];
const UNTOUCHED = { holder: null, started: false, spent: 0, lost: 0, endedAt: null, freeAt: null };

/** A task, as known from its changes. */
export interface Seen {
  readonly id: string;
  readonly type: string;
  readonly priority: number;
  runAt: number;
  state: TaskState;
  /** The lease that holds it. */
  holder: string | null;
  /** Whether the ledger knows that it has started. */
  started: boolean;
  /** How many leases in a row lost it before it started. */
  lost: number;
  /** When it last ended, and since when no lease has held it after that; null if it has not ended. */
  endedAt: number | null;
  freeAt: number | null;
  /** Attempts since it was inserted or retried. */
  spent: number;
}

/** Higher priority first, then earlier. The order of equal tasks is not defined. */
function comesBefore(a: Seen, b: Seen): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.runAt < b.runAt);
}

function later(last: Seen | undefined, task: Seen): Seen {
  return last && comesBefore(task, last) ? last : task;
}
