import type { ClaimedTask } from '../edge/contract/buffer.ts';
import type { TaskEntry } from './catalog/catalog.ts';

/** A task that a claim has granted. Its payload stays the JSON text that it came as: only its thread parses it. */
export type GrantedTask = Omit<ClaimedTask, 'payload'> & { readonly payloadText: string | undefined };

/** A task that this runner holds: from the claim until its report or its release is acknowledged. */
export interface HeldTask {
  readonly task: GrantedTask;
  readonly leaseId: string;
  readonly entry: TaskEntry;
  /** When it came here, by `performance.now()`. */
  readonly arrivedAt: number;
  /** The claim did not count it as started: its start is reported by a heartbeat, or by its outcome. */
  readonly readAhead: boolean;
}

/** What names an attempt, in every line of the log about it. */
export interface AttemptIds {
  readonly taskId: string;
  readonly leaseId: string;
  readonly attempt: number;
}

export function idsOf({ task: { taskId, attempt }, leaseId }: HeldTask): AttemptIds {
  return { taskId, leaseId, attempt };
}
