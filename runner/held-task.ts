import type { ClaimedTask } from '../edge/contract/buffer.ts';
import type { TaskEntry } from './catalog.ts';

/** A task that this runner holds: from the claim until its report or its release is acknowledged. */
export interface HeldTask {
  readonly task: ClaimedTask;
  readonly leaseId: string;
  readonly entry: TaskEntry;
}
