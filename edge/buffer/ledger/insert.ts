import type { NewTask } from '../../contract/ledger.ts';
import { createdAtOf } from '../../contract/task-id.ts';
import { jsonChunks, type Sql } from './sql.ts';

/** A known id changes nothing; any other violation fails the whole insert. */
const INSERT = `
  INSERT INTO tasks (id, type, state, priority, run_at, received_at, max_attempts, backoff, timeout_seconds, tags, payload)
  SELECT value ->> 'id', value ->> 'type', value ->> 'state', value ->> 'priority', value ->> 'runAt', ?2,
    value ->> 'maxAttempts', value ->> 'backoff', value ->> 'timeoutSeconds', value ->> 'tags', value ->> 'payload'
  FROM json_each(?1)
  WHERE true
  ON CONFLICT (id) DO NOTHING`;

/** Puts tasks into the ledger: ready, or scheduled where their time is still to come. */
export function insert(sql: Sql, tasks: readonly NewTask[], now: number): void {
  const rows = tasks.map((task) => {
    const runAt = task.runAt ?? Math.min(createdAtOf(task.id), now);
    return { ...task, runAt, state: runAt > now ? 'scheduled' : 'ready' };
  });
  for (const chunk of jsonChunks(rows)) sql.exec(INSERT, chunk, now);
}
