import type { NewTask, RefusedTask } from '../../../contract/ledger/tasks.ts';
import { MAX_STORED_TYPES } from '../../../contract/limits.ts';
import type { TaskState } from '../../../contract/task.ts';
import { createdAtOf, windowOf } from '../../../contract/task-id.ts';
import { isSealed } from '../archive/seals.ts';
import { Packer } from '../store/packs.ts';
import { jsonChunks, type SqlValue } from '../store/sql.ts';
import type { Store } from '../store/store.ts';
import { surplusTypes } from '../store/types.ts';

/**
 * A known id changes nothing; any other violation fails the whole insert. Tasks are arrays in this column order.
 */
const INSERT = `
  INSERT INTO tasks (id, type, state, priority, run_at, received_at, payload,
    max_attempts, backoff, timeout_seconds, tags, body_bytes, pack, pack_at, schedule)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, ?2, value ->> 5,
    value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13
  FROM json_each(?1)
  WHERE true
  ON CONFLICT (id) DO NOTHING
  RETURNING type, state, pack`;

/** For tasks without options, which nearly all tasks are. Fewer columns make the insert a third faster. */
const INSERT_PLAIN = `
  INSERT INTO tasks (id, type, state, priority, run_at, received_at, payload)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, ?2, value ->> 5
  FROM json_each(?1)
  WHERE true
  ON CONFLICT (id) DO NOTHING
  RETURNING type, state, NULL AS pack`;

const PLAIN_COLUMNS = 6;

interface Inserted extends Record<string, SqlValue> {
  type: string;
  state: TaskState;
  pack: number | null;
}

/**
 * Inserts tasks as ready, or as scheduled if their run time is in the future. Tasks of closed windows are ignored,
 * because they ended long ago. A task of a type for which there is no capacity is recorded as failed.
 */
export function insert(sql: Store, all: readonly NewTask[], now: number): void {
  const surplus = surplusTypes(sql, [...new Set(all.map((task) => task.type))]);
  const { refused = [], taken: tasks = [] } = Object.groupBy(firstOfEach(all), (task) =>
    surplus.has(task.type) ? 'refused' : 'taken',
  );
  for (const { id, type, payload } of refused) {
    const reason = `The task type "${type}" is new, and the ledger has reached its limit of ${MAX_STORED_TYPES} types`;
    insertFailed(sql, { id, type: 'invalid', payload: payload ?? 'null', reason }, now);
  }
  const windows = new Set(tasks.map((task) => windowOf(task.id)));
  const sealed = new Set([...windows].filter((window) => isSealed(sql, window)));
  const packer = new Packer(sql);
  const rows = tasks
    .filter((task) => !sealed.has(windowOf(task.id)))
    .map((task) => {
      const runAt = task.runAt ?? Math.min(createdAtOf(task.id), now);
      const state = runAt > now ? 'scheduled' : 'ready';
      const stored = task.payload === null ? null : packer.place(task.payload, runAt - now);
      return [
        ...[task.id, task.type, state, task.priority, runAt, stored?.payload ?? null],
        ...[task.maxAttempts, task.backoff, task.timeoutSeconds, task.tags],
        ...[stored?.bodyBytes ?? task.bodyBytes, stored?.pack, stored?.packAt, task.schedule],
      ];
    });
  const { plain = [], full = [] } = Object.groupBy(rows, (row) =>
    row.slice(PLAIN_COLUMNS).every((value) => value === undefined || value === null) ? 'plain' : 'full',
  );
  for (const [statement, some] of [
    [INSERT_PLAIN, plain.map((row) => row.slice(0, PLAIN_COLUMNS))],
    [INSERT, full],
  ] as const) {
    for (const chunk of jsonChunks(some)) {
      const inserted = sql.exec<Inserted>(statement, chunk, now);
      for (const { type, state, pack } of inserted) {
        sql.counters.move(type, null, state);
        if (pack !== null) packer.count(pack);
      }
    }
  }
  packer.write();
}

/** The first task of each id. */
function firstOfEach(tasks: readonly NewTask[]): NewTask[] {
  const ids = new Set<string>();
  return tasks.filter(({ id }) => ids.size < ids.add(id).size);
}

const INSERT_FAILED = `
  INSERT INTO tasks (id, type, state, priority, run_at, received_at, max_attempts, completed_at, error, payload)
  VALUES (?1, ?2, 'failed', 0, ?3, ?3, 0, ?3, ?4, ?5)
  ON CONFLICT (id) DO NOTHING
  RETURNING id`;

/** Records an invalid task as failed, so that people see it and it is not lost. It has no attempts. */
export function insertFailed(sql: Store, { id, type, payload, reason }: RefusedTask, now: number): void {
  if (isSealed(sql, windowOf(id))) return;
  const error = JSON.stringify({ code: 'invalid_task', message: reason });
  const inserted = sql.exec(INSERT_FAILED, id, type, now, error, payload);
  if (inserted.length > 0) sql.endedWindows.add(windowOf(id));
  sql.counters.move(type, null, 'failed', inserted.length);
}
