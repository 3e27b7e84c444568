import { MAX_LOST_DELIVERIES } from '../../../contract/limits.ts';
import type { TaskState } from '../../../contract/task.ts';
import type { SqlValue } from '../store/sql.ts';
import { noteEnded, type Store } from '../store/store.ts';
import { fail, readHeld, writeTransitions } from './transitions.ts';

const MAX_REDELIVERY_DELAY_MS = 300_000;

/** If a task is dropped while an archive round of its window is open, its end is set after that round's cutoff. */
const LET_GO = `
  UPDATE tasks SET
    claimed_at = NULL, started_at = NULL, state = CASE state WHEN 'scheduled' THEN 'ready' ELSE state END,
    completed_at = max(completed_at, coalesce((
      SELECT opened_at FROM seals WHERE window = substr(tasks.id, 1, 8) AND purged_at IS NULL), 0))
  WHERE id IN (SELECT value FROM json_each(?1)) AND state <> 'leased' AND claimed_at IS NOT NULL
  RETURNING id, type, state, schedule`;

interface Moved extends Record<string, SqlValue> {
  id: string;
  type: string;
  state: TaskState;
  schedule: string | null;
}

/** Handles cancelled tasks that their runner has dropped. Tasks that were retried meanwhile become ready. */
export function letGo(sql: Store, taskIds: readonly string[]): void {
  if (taskIds.length === 0) return;
  const dropped = sql.exec<Moved>(LET_GO, JSON.stringify(taskIds));
  for (const { id, type, state, schedule } of dropped) {
    if (state === 'ready') sql.counters.move(type, 'scheduled', 'ready');
    else noteEnded(sql, id, schedule);
  }
}

const FORGET_LEASE = `
  UPDATE tasks SET lease_id = NULL WHERE id IN (SELECT value FROM json_each(?1))`;

/** Takes tasks back from the lease that holds them. Tasks that have started have used their attempts. */
export function takeBack(
  sql: Store,
  ids: readonly string[],
  message: string,
  now: number,
  random: () => number,
) {
  if (ids.length === 0) return;
  const tasks = [...readHeld(sql, ids).values()];
  const {
    started = [],
    unstarted = [],
    cancelled = [],
  } = Object.groupBy(tasks, ({ state, started_at: startedAt }) => {
    if (state !== 'leased') return 'cancelled';
    return startedAt === null ? 'unstarted' : 'started';
  });
  const [first] = [...started, ...unstarted];
  if (first) {
    sql.takenBack.push({
      leaseId: first.lease_id,
      runner: first.runner,
      reason: message,
      tasks: started.map(({ id, attempt }) => ({ taskId: id, attempt })),
      unstarted: unstarted.map(({ id }) => id),
    });
  }
  const error = { code: 'lease_expired', message };
  writeTransitions(
    sql,
    started.map((task) => ({ ...fail(task, error, undefined, now, random()), leaseId: null })),
  );
  redeliver(
    sql,
    unstarted.map(({ id }) => id),
    now,
  );
  if (cancelled.length === 0) return;
  const dropped = cancelled.map((task) => task.id);
  letGo(sql, dropped);
  sql.exec(FORGET_LEASE, JSON.stringify(dropped));
}

const REDELIVER = `
  UPDATE tasks SET
    lost_deliveries = coalesce(lost_deliveries, 0) + 1, lease_id = NULL, claimed_at = NULL,
    state = CASE
      WHEN lost_deliveries IS NULL THEN 'ready'
      WHEN lost_deliveries + 1 < ${MAX_LOST_DELIVERIES} THEN 'scheduled'
      ELSE 'failed' END,
    run_at = CASE WHEN lost_deliveries + 1 < ${MAX_LOST_DELIVERIES}
      THEN ?2 + min(${MAX_REDELIVERY_DELAY_MS}, 1000 << (lost_deliveries - 1)) ELSE run_at END,
    completed_at = iif(lost_deliveries + 1 >= ${MAX_LOST_DELIVERIES}, ?2, NULL),
    error = iif(lost_deliveries + 1 >= ${MAX_LOST_DELIVERIES}, ?3, error)
  WHERE id IN (SELECT value FROM json_each(?1))
  RETURNING id, type, state, schedule`;

const UNDELIVERABLE = JSON.stringify({
  code: 'undeliverable',
  message: `${MAX_LOST_DELIVERIES} runners got the task, and none of them reported its start`,
});

/**
 * Makes tasks wait again that a lease lost before they started. After the first loss a task is ready at once,
 * then after growing delays. After {@link MAX_LOST_DELIVERIES} losses in a row it fails, because the task itself
 * probably crashes its runners.
 */
function redeliver(sql: Store, ids: readonly string[], now: number): void {
  if (ids.length === 0) return;
  const back = sql.exec<Moved>(REDELIVER, JSON.stringify(ids), now, UNDELIVERABLE);
  for (const { id, type, state, schedule } of back) {
    sql.counters.move(type, 'leased', state);
    if (state === 'failed') noteEnded(sql, id, schedule);
  }
}
