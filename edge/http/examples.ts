/** The example values of both OpenAPI documents. */
export const TASK_ID = '019b7a2c-8c00-7000-9f3a-5b1d6c2e0000';
export const LEASE_ID = '7b0f6f0e-6a53-4f0c-9d7c-0d3a5b8c1e42';
export const RUNNER = 'worker-1-4711';

export const CREATED_AT = '2026-01-01T12:00:00.000Z';
export const CLAIMED_AT = '2026-01-01T12:00:00.040Z';
export const ENDED_AT = '2026-01-01T12:00:01.250Z';

export const STATUS = {
  taskId: TASK_ID,
  status: 'completed',
  type: 'email',
  createdAt: CREATED_AT,
  completedAt: ENDED_AT,
  attempt: 1,
  maxAttempts: 3,
};

export const SUBMISSION = {
  type: 'email',
  payload: { to: 'user@example.com', subject: 'Welcome Email', template: 'welcome' },
};
