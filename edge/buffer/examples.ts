import { CLAIMED_AT, CREATED_AT, SUBMISSION, TASK_ID } from '../http/examples.ts';

/** Example tasks for the OpenAPI document of the Consumer Worker. */
export const TASK = {
  taskId: TASK_ID,
  id: TASK_ID,
  ...SUBMISSION,
  createdAt: CREATED_AT,
  receivedAt: CREATED_AT,
  status: 'ready',
};
export const CLAIMED = { ...TASK, status: 'processing', claimedAt: CLAIMED_AT, attempt: 1, maxAttempts: 3 };
