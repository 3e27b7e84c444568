import type { NewTask, RefusedTask } from '../../contract/ledger.ts';
import type { TaskState } from '../../contract/task.ts';
import { createdAtOf, windowOf } from '../../contract/task-id.ts';
import { isSealed } from './seals.ts';
import { jsonChunks } from './sql.ts';
import type { Store } from './tally.ts';

/** A known id changes nothing; any other violation fails the whole insert. */
const INSERT = `
  INSERT INTO tasks (id, type, state, priority, run_at, received_at, max_attempts, backoff, timeout_seconds, tags,
    body_bytes, payload)
  SELECT value ->> 'id', value ->> 'type', value ->> 'state', value ->> 'priority', value ->> 'runAt', ?2,
    value ->> 'maxAttempts', value ->> 'backoff', value ->> 'timeoutSeconds', value ->> 'tags',
    value ->> 'bodyBytes', value ->> 'payload'
  FROM json_each(?1)
  WHERE true
  ON CONFLICT (id) DO NOTHING
  RETURNING type, state`;

/**
 * Puts tasks into the ledger: ready, or scheduled where their time is still to come. Tasks of closed windows
 * have ended long ago: they change nothing.
 */
export function insert(sql: Store, tasks: readonly NewTask[], now: number): void {
  const windows = new Set(tasks.map((task) => windowOf(task.id)));
  const sealed = new Set([...windows].filter((window) => isSealed(sql, window)));
  const rows = tasks
    .filter((task) => !sealed.has(windowOf(task.id)))
    .map((task) => {
      const runAt = task.runAt ?? Math.min(createdAtOf(task.id), now);
      return { ...task, runAt, state: runAt > now ? 'scheduled' : 'ready' };
    });
  for (const chunk of jsonChunks(rows)) {
    const inserted = sql.exec<{ type: string; state: TaskState }>(INSERT, chunk, now);
    for (const { type, state } of inserted) sql.tally.move(type, null, state);
  }
}

const INSERT_FAILED = `
  INSERT INTO tasks (id, type, state, priority, run_at, received_at, max_attempts, completed_at, error, payload)
  VALUES (?1, ?2, 'failed', 0, ?3, ?3, 0, ?3, ?4, ?5)
  ON CONFLICT (id) DO NOTHING
  RETURNING id`;

/** Records a task that could not be taken in as failed, so that it is seen and not lost. It has no attempts. */
export function insertFailed(sql: Store, { id, type, payload, reason }: RefusedTask, now: number): void {
  if (isSealed(sql, windowOf(id))) return;
  const error = JSON.stringify({ code: 'invalid_task', message: reason });
  const inserted = sql.exec(INSERT_FAILED, id, type, now, error, payload);
  if (inserted.length > 0) sql.endedWindows.add(windowOf(id));
  sql.tally.move(type, null, 'failed', inserted.length);
}
