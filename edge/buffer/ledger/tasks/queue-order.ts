import { parse } from '../store/rows.ts';
import type { Sql, SqlValue } from '../store/sql.ts';

/** A task that may run now, and the values that decide its order. */
export interface ReadyTask extends Record<string, SqlValue> {
  id: string;
  type: string;
  priority: number;
  run_at: number;
}

/** Uses only the ready index. Reads all types in one statement, because each statement has a fixed cost. */
const SELECT_READY = `
  SELECT wanted.value AS type, (
    SELECT json_group_array(json_array(id, priority, run_at)) FROM (
      SELECT id, priority, run_at FROM tasks
      WHERE state = 'ready' AND type = wanted.value
      ORDER BY priority DESC, run_at, id LIMIT ?2 OFFSET ?3)) AS tasks
  FROM json_each(?1) AS wanted`;

interface Source {
  readonly type: string;
  tasks: ReadyTask[];
  /** The index of the head in `tasks`. */
  at: number;
  /** How many tasks of the type were read. */
  read: number;
  /** Whether the type may have more tasks than were read. */
  more: boolean;
}

/**
 * The ready tasks of some types in the order of claims: highest priority first, then earliest, then by id. It
 * merges the queues of the types, and reads of each type only about the number of tasks that are taken. So the
 * cost depends on the number of taken tasks, not on the size of the ledger. The rows must not change while it is
 * used.
 */
export class QueueOrder {
  readonly #sql: Sql;
  /** The types that have tasks left. The type with the next task is the last. */
  readonly #sources: Source[] = [];

  /** @param expected about how many tasks will be taken. */
  constructor(sql: Sql, types: readonly string[], expected: number) {
    this.#sql = sql;
    const portion = Math.max(2, Math.ceil((2 * (expected + 1)) / Math.max(2, types.length)));
    for (const [type, tasks] of readPortions(sql, types, portion, 0)) {
      if (tasks.length === 0) continue;
      this.#sources.push({ type, tasks, at: 0, read: tasks.length, more: tasks.length === portion });
    }
    this.#sources.sort((a, b) => -compare(headOf(a), headOf(b)));
  }

  /** Returns the next task without taking it; undefined at the end. */
  peek(): ReadyTask | undefined {
    const source = this.#sources.at(-1);
    return source && headOf(source);
  }

  /** Takes the next task. */
  take(): ReadyTask | undefined {
    const source = this.#sources.pop();
    if (!source) return undefined;
    const task = headOf(source);
    source.at += 1;
    if (source.at === source.tasks.length) this.#read(source, 2 * source.tasks.length);
    if (source.at < source.tasks.length) this.#place(source);
    return task;
  }

  /** Removes the type of the next task, so that none of its tasks follows. */
  skipType(): void {
    this.#sources.pop();
  }

  #read(source: Source, limit: number): void {
    const [[, tasks] = ['', []]] = source.more
      ? readPortions(this.#sql, [source.type], limit, source.read)
      : [];
    source.tasks = tasks;
    source.at = 0;
    source.read += tasks.length;
    source.more = tasks.length === limit;
  }

  /** Inserts a source at its place by binary search. */
  #place(source: Source): void {
    const head = headOf(source);
    let [low, high] = [0, this.#sources.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#sources[middle];
      if (other && compare(headOf(other), head) > 0) low = middle + 1;
      else high = middle;
    }
    this.#sources.splice(low, 0, source);
  }
}

function readPortions(
  sql: Sql,
  types: readonly string[],
  limit: number,
  offset: number,
): [type: string, tasks: ReadyTask[]][] {
  return sql
    .exec<{ type: string; tasks: string }>(SELECT_READY, JSON.stringify(types), limit, offset)
    .map(({ type, tasks }) => [
      type,
      parse<[string, number, number][]>(tasks).map(([id, priority, run_at]) => ({
        id,
        type,
        priority,
        run_at,
      })),
    ]);
}

/** The first tasks of some types in the order of claims. */
export function firstReady(sql: Sql, types: readonly string[], limit: number): ReadyTask[] {
  const order = new QueueOrder(sql, types, limit);
  const tasks: ReadyTask[] = [];
  for (let task = order.take(); task && tasks.length < limit; task = order.take()) tasks.push(task);
  return tasks;
}

function headOf({ tasks, at }: Source): ReadyTask {
  const head = tasks[at];
  if (!head) throw new Error('Expected a source with a head');
  return head;
}

/** Negative if `a` comes first. */
function compare(a: ReadyTask, b: ReadyTask): number {
  return b.priority - a.priority || a.run_at - b.run_at || (a.id < b.id ? -1 : 1);
}
