import {
  BufferList,
  BufferQuery,
  Claim,
  ClaimRequest,
  HeartbeatAnswer,
  HeartbeatRequest,
  Released,
  ReleaseRequest,
  Removed,
  SingleClaim,
  WakeQuery,
} from '../contract/buffer.ts';
import { CLAIMED_AT, CREATED_AT, ENDED_AT, LEASE_ID, RUNNER, TASK_ID } from '../http/examples.ts';
import type { RouteDescription } from '../http/openapi.ts';

/** What the routes of the Consumer Worker say of themselves. */

const TASK = {
  taskId: TASK_ID,
  id: TASK_ID,
  type: 'email',
  payload: { to: 'user@example.com', subject: 'Welcome Email', template: 'welcome' },
  createdAt: CREATED_AT,
  receivedAt: CREATED_AT,
  status: 'ready',
};
const CLAIMED = { ...TASK, status: 'processing', claimedAt: CLAIMED_AT, attempt: 1, maxAttempts: 3 };
const LIST_BOUNDS =
  'At most 500 tasks, 1 MB of payload after the first task, and four submissions whose payloads are over 96 KB: what is left is listed once these are claimed.';
const LIST = { schema: BufferList, example: { tasks: [TASK], count: 1, timestamp: ENDED_AT } };

export const listReady: RouteDescription = {
  name: 'listReadyTasks',
  summary: 'List the tasks that can be claimed now, in the order of claims',
  description: LIST_BOUNDS,
  tag: 'Consumers of single tasks',
  tokens: ['runner', 'client'],
  query: BufferQuery,
  answer: LIST,
  errors: ['unavailable'],
};

export const listAlive: RouteDescription = {
  name: 'listAliveTasks',
  summary: 'List the tasks that have not ended',
  description: LIST_BOUNDS,
  tag: 'Consumers of single tasks',
  tokens: ['runner', 'client'],
  query: BufferQuery,
  answer: LIST,
  errors: ['unavailable'],
};

export const claimSingle: RouteDescription = {
  name: 'claimTask',
  summary: 'Claim one task',
  description: 'The task is held for five minutes, or for its `timeoutSeconds` if that is longer.',
  tag: 'Consumers of single tasks',
  tokens: ['runner'],
  answer: {
    schema: SingleClaim,
    example: { success: true, task: CLAIMED, message: 'Task claimed successfully' },
  },
  errors: ['invalid_request', 'task_not_found', 'task_not_available'],
};

export const removeSingle: RouteDescription = {
  name: 'removeTask',
  summary: 'Confirm that a reported task can be removed from the buffer',
  tag: 'Consumers of single tasks',
  tokens: ['runner'],
  answer: {
    schema: Removed,
    example: { success: true, message: 'Task removed from buffer', taskId: TASK_ID },
  },
  errors: ['invalid_request', 'task_not_found', 'task_not_finished'],
};

export const claimBatch: RouteDescription = {
  name: 'claimTasks',
  summary: 'Claim tasks under a lease',
  description:
    'The lease id is a UUID that the client makes. A claim that is repeated under it answers the tasks that it still holds, never others.',
  tag: 'Runners',
  tokens: ['runner'],
  body: {
    schema: ClaimRequest,
    example: {
      leaseId: LEASE_ID,
      runner: RUNNER,
      wants: [{ types: ['email'], limit: 10 }],
      leaseSeconds: 30,
    },
  },
  answer: { schema: Claim, example: { tasks: [CLAIMED], leaseExpiresAt: ENDED_AT, ready: 0 } },
  errors: [],
};

export const heartbeat: RouteDescription = {
  name: 'renewLeases',
  summary: 'Renew leases and report progress',
  description: 'Tasks of these leases that the request does not name are taken back at once.',
  tag: 'Runners',
  tokens: ['runner'],
  body: {
    schema: HeartbeatRequest,
    example: {
      leases: [{ leaseId: LEASE_ID, holds: [TASK_ID], progress: [{ taskId: TASK_ID, value: 0.5 }] }],
    },
  },
  answer: {
    schema: HeartbeatAnswer,
    example: { extended: [{ leaseId: LEASE_ID, expiresAt: ENDED_AT }], lost: [], cancelled: [] },
  },
  errors: [],
};

export const release: RouteDescription = {
  name: 'releaseTasks',
  summary: 'Release tasks that have not started; their attempts are not spent',
  tag: 'Runners',
  tokens: ['runner'],
  body: { schema: ReleaseRequest, example: { leaseId: LEASE_ID, taskIds: [TASK_ID] } },
  answer: { schema: Released, example: { success: true, released: [TASK_ID] } },
  errors: [],
};

export const openWake: RouteDescription = {
  name: 'openWake',
  summary: 'A WebSocket that sends `ready` when there is work for the runner',
  tag: 'Runners',
  tokens: ['runner'],
  query: WakeQuery,
  answer: { status: 101 },
  errors: ['upgrade_required', 'unavailable'],
};
