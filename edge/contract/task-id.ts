/**
 * Task ids are UUIDv7 (RFC 9562). The first 48 bits are Unix milliseconds, `rand_a` (12 bits) holds the shard
 * that owns the task, and the last 16 bits hold the task's index in its submission. The id without its
 * last four hex digits is the name of the submission.
 */

const SUBMISSION_LENGTH = 32;
const MAX_SHARD = 0xfff;
const MAX_INDEX = 0xffff;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TASK_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The shard of new submissions. There is one shard now, and it owns all tasks. */
export const CURRENT_SHARD = 0;

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');

/**
 * Creates the name of a submission. The ids of its tasks are derived from it.
 *
 * @param createdAtMs Unix milliseconds.
 * @param shard the ledger that owns the submission's tasks, 0 to 4095.
 * @param random six random bytes.
 */
export function newSubmission(createdAtMs: number, shard: number, random: Uint8Array): string {
  if (!Number.isInteger(shard) || shard < 0 || shard > MAX_SHARD) {
    throw new RangeError(`Expected a shard from 0 to ${MAX_SHARD}, got ${shard}`);
  }
  if (!Number.isInteger(createdAtMs) || createdAtMs < 0 || createdAtMs >= 2 ** 48) {
    throw new RangeError(`Expected Unix milliseconds of 48 bits, got ${createdAtMs}`);
  }
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = random;
  const variant = 0x80 | (a & 0x3f);
  const tail = [c, d, e, f].map((byte) => hex(byte, 2)).join('');
  return `${firstIdAt(createdAtMs)}-7${hex(shard, 3)}-${hex(variant, 2)}${hex(b, 2)}-${tail}`;
}

/**
 * Derives the name of a submission from a text. The same text, time and shard always give the same name.
 *
 * @param createdAtMs Unix milliseconds.
 */
export async function submissionFrom(source: string, createdAtMs: number, shard: number): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(source));
  return newSubmission(createdAtMs, shard, new Uint8Array(digest, 0, 6));
}

/** The id of the task at `index` of a submission. */
export function taskIdAt(submission: string, index: number): string {
  if (!Number.isInteger(index) || index < 0 || index > MAX_INDEX) {
    throw new RangeError(`Expected an index from 0 to ${MAX_INDEX}, got ${index}`);
  }
  return submission + hex(index, 4);
}

/** Whether a text has the form of an id that this system creates: a UUIDv7 in lower case. */
export function isTaskId(text: string): boolean {
  return TASK_ID.test(text);
}

/** Whether a text has the form of any UUID, in either case. */
export function isUuid(text: string): boolean {
  return UUID.test(text.toLowerCase());
}

/** The submission that a task came in. */
export function submissionOf(taskId: string): string {
  return taskId.slice(0, SUBMISSION_LENGTH);
}

/** The task's place in its submission, from 0. */
export function indexOf(taskId: string): number {
  return Number.parseInt(taskId.slice(SUBMISSION_LENGTH), 16);
}

/** The ledger that owns the task. */
export function shardOf(taskId: string): number {
  return Number.parseInt(taskId.slice(15, 18), 16);
}

const WINDOW_MS = 2 ** 16;

/** The window of an id, 65.5 s of submissions: its first eight hex digits. */
export function windowOf(id: string): string {
  return id.slice(0, 8);
}

/** The window that contains a time. */
export function windowAt(ms: number): string {
  return hex(Math.floor(ms / WINDOW_MS), 8);
}

/** The next window. */
export function windowAfter(window: string): string {
  return hex(Number.parseInt(window, 16) + 1, 8);
}

/** A lower bound for ids: an id sorts before this text only if it was created before `ms` (Unix milliseconds). */
export function firstIdAt(ms: number): string {
  const time = hex(ms, 12);
  return `${time.slice(0, 8)}-${time.slice(8)}`;
}

/** The latest time at which an id of a window can have been created, in Unix milliseconds. */
export function windowEnd(window: string): number {
  return (Number.parseInt(window, 16) + 1) * WINDOW_MS - 1;
}

/** When a task was accepted, in Unix milliseconds. Takes a task id or the name of a submission. */
export function createdAtOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
