import { newSubmission, taskIdAt } from '../contract/task-id.ts';

/** The id of a task that no test submits. */
export const UNKNOWN = taskIdAt(newSubmission(Date.UTC(2026, 0, 1), 0, new Uint8Array(6)), 0);
