/**
 * Task ids are UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then `rand_a` (12 bits) holds the shard
 * that owns the task, and the last 16 bits hold the task's index in its submission. The id without its
 * last four hex digits names the submission.
 */

const SUBMISSION_LENGTH = 32;
const MAX_SHARD = 0xfff;
const MAX_INDEX = 0xffff;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TASK_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');

/**
 * Makes the name of a submission, from which the ids of its tasks follow.
 *
 * @param createdAtMs Unix milliseconds.
 * @param shard the ledger that owns the submission's tasks, 0 to 4095.
 * @param random six random bytes.
 */
export function newSubmission(createdAtMs: number, shard: number, random: Uint8Array): string {
  if (!Number.isInteger(shard) || shard < 0 || shard > MAX_SHARD) {
    throw new RangeError(`Expected a shard from 0 to ${MAX_SHARD}, got ${shard}`);
  }
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = random;
  const variant = 0x80 | (a & 0x3f);
  const tail = [c, d, e, f].map((byte) => hex(byte, 2)).join('');
  return `${firstIdAt(createdAtMs)}-7${hex(shard, 3)}-${hex(variant, 2)}${hex(b, 2)}-${tail}`;
}

/**
 * The name of the submission that follows from a text: always the same for the same text and time.
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

/** Whether a text has the form of an id that this system makes: a UUIDv7 in lower case. */
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

/** The window that a time lies in. */
export function windowAt(ms: number): string {
  return hex(Math.floor(ms / WINDOW_MS), 8);
}

/** The window that follows one. */
export function windowAfter(window: string): string {
  return hex(Number.parseInt(window, 16) + 1, 8);
}

/** Ids that were made at a time or later, in Unix milliseconds, and only those, do not sort before this text. */
export function firstIdAt(ms: number): string {
  const time = hex(ms, 12);
  return `${time.slice(0, 8)}-${time.slice(8)}`;
}

/** When the last id of a window could have been made, in Unix milliseconds. */
export function windowEnd(window: string): number {
  return (Number.parseInt(window, 16) + 1) * WINDOW_MS - 1;
}

/** When the task was accepted, in Unix milliseconds; of a task id or of a submission. */
export function createdAtOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
