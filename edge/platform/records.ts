import type { Busy, NewTask } from '../contract/ledger/tasks.ts';
import {
  newTask,
  newTasks,
  type RecordHeader,
  RecordMetadata,
  recordKey,
  type SubmissionRecord,
} from '../contract/submission.ts';
import { taskIdAt } from '../contract/task-id.ts';
import { type ByteReader, byteReader } from './byte-reader.ts';
import { LineReader } from './line-reader.ts';
import type { OneAtATime } from './one-at-a-time.ts';
import { type FirstLine, parseFirstLine } from './record-text.ts';
import { inTime } from './time-limit.ts';

/** A record that is not a valid submission. It can never be delivered. */
export class UnreadableRecord extends Error {}

/** Records above this size are read one at a time. */
export const LARGE_RECORD_BYTES = 1024 * 1024;
/** The timeout of a KV read. It is shorter than the time after which a call that holds the gate counts as gone. */
const READ_TIMEOUT_MS = 8000;

/** The part of a KV namespace that reads need. */
export interface RecordStorage {
  getWithMetadata(
    key: string,
    type: 'stream',
  ): Promise<{ value: ReadableStream<Uint8Array> | null; metadata: unknown }>;
}

export interface RecordQuery {
  /** The indexes of the tasks to read, ascending. Absent: all. */
  indexes?: readonly number[];
  /** Which payloads are read. `inline` leaves out payloads that are too large for the ledger. */
  payloads: 'none' | 'inline' | 'all';
  /** The gate that large records wait for. `maxWaitMs` limits this wait. */
  gate?: OneAtATime;
  maxWaitMs?: number;
}

/** The requested tasks that were found, and the number of bytes that were fetched. */
export interface RecordRead {
  tasks: NewTask[];
  bytes: number;
}

/**
 * Reads tasks from the record of their submission, only up to the last of them. Finds no tasks if KV does not
 * have the record or does not show it yet.
 *
 * @returns `busy` if the gate stays closed for too long.
 * @throws {UnreadableRecord}
 */
export async function readTasks(
  storage: RecordStorage,
  submission: string,
  query: RecordQuery,
): Promise<RecordRead | Busy> {
  const { value, metadata } = await inTime(
    READ_TIMEOUT_MS,
    storage.getWithMetadata(recordKey(submission), 'stream'),
  );
  if (value === null) return { tasks: [], bytes: 0 };
  const source = byteReader(value);
  const { gate, maxWaitMs, indexes } = query;
  const known = RecordMetadata.safeParse(metadata).data;
  try {
    if (known && indexes?.every((index) => index >= known.tasks)) return { tasks: [], bytes: 0 };
    const read = () => inTime(READ_TIMEOUT_MS, readFrom(source, submission, query));
    const isSmall = (known?.bytes ?? Number.POSITIVE_INFINITY) <= LARGE_RECORD_BYTES;
    return await (isSmall || !gate ? read() : gate.run(read, maxWaitMs));
  } finally {
    void source.cancel();
  }
}

async function readFrom(source: ByteReader, submission: string, query: RecordQuery): Promise<RecordRead> {
  const lines = new LineReader(source);
  const line = await lines.next();
  const first = parsed(submission, line?.text ?? '');
  const tasks = 'format' in first ? await readLines(lines, first, query) : tasksOf(first, query);
  return { tasks, bytes: lines.bytes };
}

function parsed(submission: string, line: string): FirstLine {
  try {
    return parseFirstLine(line);
  } catch (cause) {
    throw unreadable(submission, cause);
  }
}

function unreadable(submission: string, cause: unknown): UnreadableRecord {
  return new UnreadableRecord(`The record of the submission ${submission} cannot be read: ${cause}`, {
    cause,
  });
}

async function readLines(
  lines: LineReader,
  { submission, tasks }: RecordHeader,
  { indexes = [...tasks.keys()], payloads }: RecordQuery,
): Promise<NewTask[]> {
  const found: NewTask[] = [];
  let next = 0;
  for (const index of indexes) {
    const options = tasks[index];
    if (!options) continue;
    const id = taskIdAt(submission, index);
    if (payloads === 'none' || (payloads === 'inline' && options.bodyBytes !== undefined)) {
      found.push(newTask(id, options, null));
      continue;
    }
    for (; next < index; next += 1) await lines.skip();
    next += 1;
    const line = await lines.next();
    if (!line || (options.bodyBytes ?? line.bytes) !== line.bytes) {
      throw unreadable(submission, `the payload of task ${index} has ${line?.bytes ?? 'no'} bytes`);
    }
    found.push(newTask(id, options, line.text));
  }
  return found;
}

/** The tasks of a record of version 0.1.0. */
function tasksOf(
  { submission, tasks }: SubmissionRecord,
  { indexes = [...tasks.keys()], payloads }: RecordQuery,
): NewTask[] {
  return indexes.flatMap((index) => {
    const task = tasks[index];
    if (!task) return [];
    const own = newTasks({ submission, tasks: [task] }, index);
    return payloads !== 'all'
      ? own
      : own.map((one) => ({ ...one, payload: one.payload ?? JSON.stringify(task.payload) }));
  });
}
