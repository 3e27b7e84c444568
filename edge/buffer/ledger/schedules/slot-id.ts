import { sha256 } from '@noble/hashes/sha2.js';
import { CURRENT_SHARD, newSubmission, taskIdAt } from '../../../contract/task-id.ts';

const encoder = new TextEncoder();

/**
 * The id of the task of one planned time. It follows from the schedule's name and the planned time, so that one
 * planned time has one task.
 *
 * @param idAt the time in the id, in Unix milliseconds; the planned time by default.
 */
export function slotId(name: string, plannedAt: number, idAt = plannedAt): string {
  return idFrom(digestOf(name, plannedAt), idAt);
}

/** The id of the task of a run by hand. It follows from the schedule's name and a key of the request. */
export function handRunId(name: string, key: string, idAt: number): string {
  return idFrom(sha256(encoder.encode(`run ${name} ${key}`)), idAt);
}

function idFrom(digest: Uint8Array, idAt: number): string {
  return taskIdAt(newSubmission(idAt, CURRENT_SHARD, digest), 0);
}

/** A time from 0 to `maxMs` that follows from the name and the planned time. */
export function jitterOf(name: string, plannedAt: number, maxMs: number): number {
  const [a = 0, b = 0, c = 0] = digestOf(name, plannedAt).subarray(6);
  return Math.floor((((a * 256 + b) * 256 + c) / 2 ** 24) * (maxMs + 1));
}

function digestOf(name: string, plannedAt: number): Uint8Array {
  return sha256(encoder.encode(`schedule ${name} ${plannedAt}`));
}
