import type { ClaimedTask } from '../edge/contract/buffer.ts';
import type { TaskEntry } from './catalog/catalog.ts';

/** A task that a claim has granted. Its payload stays JSON text, which only its thread parses. */
export type GrantedTask = Omit<ClaimedTask, 'payload'> & { readonly payloadText: string | undefined };

/** A task that this runner holds: from the claim until its report or its release is acknowledged. */
export interface HeldTask {
  readonly task: GrantedTask;
  readonly leaseId: string;
  readonly entry: TaskEntry;
  /** When it arrived at this runner, by `performance.now()`. */
  readonly arrivedAt: number;
  /** The claim did not count it as started. A heartbeat or its outcome reports its start. */
  readonly readAhead: boolean;
}

/** The ids of an attempt, which every log line about it contains. */
export interface AttemptIds {
  readonly taskId: string;
  readonly leaseId: string;
  readonly attempt: number;
}

export function idsOf({ task: { taskId, attempt }, leaseId }: HeldTask): AttemptIds {
  return { taskId, leaseId, attempt };
}
