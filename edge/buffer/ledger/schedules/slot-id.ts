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
  return taskIdAt(newSubmission(idAt, CURRENT_SHARD, digestOf(name, plannedAt)), 0);
}

/** A time from 0 to `maxMs` that follows from the name and the planned time. */
export function jitterOf(name: string, plannedAt: number, maxMs: number): number {
  const [a = 0, b = 0, c = 0] = digestOf(name, plannedAt).subarray(6);
  return Math.floor((((a * 256 + b) * 256 + c) / 2 ** 24) * (maxMs + 1));
}

function digestOf(name: string, plannedAt: number): Uint8Array {
  return sha256(encoder.encode(`schedule ${name} ${plannedAt}`));
}
