import * as z from 'zod';
import {
  BatchSubmitted,
  CancelQuery,
  Changed,
  Completed,
  CompleteRequest,
  IdempotencyKey,
  ListQuery,
  ReportAnswer,
  ReportRequest,
  RetryQuery,
  StatusQuery,
  StatusView,
  SubmissionId,
  Submitted,
  TaskList,
  TaskView,
} from '../contract/api.ts';
import { QueueStats, RunnerList, Ticket, TypeSwitch } from '../contract/stats.ts';
import { BatchSubmission, TaskSubmission } from '../contract/task.ts';
import { CLAIMED_AT, CREATED_AT, ENDED_AT, LEASE_ID, RUNNER, STATUS, TASK_ID } from '../http/examples.ts';
import type { RouteDescription } from '../http/openapi.ts';

/** What the routes of the API Worker say of themselves. */

const SubmissionHeaders = z.object({
  'Idempotency-Key': IdempotencyKey.optional().meta({
    description:
      'A repeat with the same key and request within 24 hours gets the first answer, with 200. Each token has separate keys. A key costs two calls to the ledger.',
  }),
  'Submission-Id': SubmissionId.optional().meta({
    description:
      'A UUIDv7 that the client makes for the submission. A repeat with the same id and request within ten minutes gets the same task ids and submits nothing again, at no further cost. The tasks count as created at the time in the id, which is ten minutes old and one minute ahead of now at most. Ignored if the request also has an `Idempotency-Key`.',
  }),
});
const LastEventHeader = z.object({
  'Last-Event-ID': z
    .string()
    .optional()
    .meta({ description: 'The id of the last event that the client received' }),
});

const SUBMISSION = {
  type: 'email',
  payload: { to: 'user@example.com', subject: 'Welcome Email', template: 'welcome' },
};
const CHANGED = { success: true, taskIds: [TASK_ID], count: 1 };
const COUNTS = { scheduled: 0, ready: 3, processing: 2, completed: 120, failed: 1, cancelled: 0 };
const SUBMIT_ERRORS = [
  'too_many_types',
  'submission_id_not_current',
  'payload_too_large',
  'idempotency_key_reused',
  'full',
  'unavailable',
] as const;
const CHANGE_ERRORS = ['task_not_found', 'archived'] as const;

export const submitTask: RouteDescription = {
  name: 'submitTask',
  summary: 'Submit a task',
  description: 'A task that was answered with 201 always reaches a final status, whatever fails in between.',
  tag: 'Tasks',
  tokens: ['client'],
  headers: SubmissionHeaders,
  body: { schema: TaskSubmission, example: SUBMISSION },
  answer: {
    status: 201,
    schema: Submitted,
    example: { success: true, taskId: TASK_ID, status: 'pending', message: 'Task queued successfully' },
  },
  errors: SUBMIT_ERRORS,
};

export const submitTasks: RouteDescription = {
  name: 'submitTasks',
  summary: 'Submit up to 1,000 tasks',
  description: 'Either all tasks are accepted or none. The ids are in the order of the tasks.',
  tag: 'Tasks',
  tokens: ['client'],
  headers: SubmissionHeaders,
  body: { schema: BatchSubmission, example: { tasks: [SUBMISSION] } },
  answer: {
    status: 201,
    schema: BatchSubmitted,
    example: {
      success: true,
      taskIds: [TASK_ID],
      count: 1,
      status: 'pending',
      message: 'Tasks queued successfully',
    },
  },
  errors: SUBMIT_ERRORS,
};

export const listTasks: RouteDescription = {
  name: 'listTasks',
  summary: 'List tasks, newest first',
  description:
    'A filtered call looks at 10,000 tasks at most, so it may answer fewer than `limit`, or none, although older ones match. Call again with `cursor` set to `nextCursor` until the answer has none: only then is the list at its end.',
  tag: 'Tasks',
  tokens: ['client'],
  query: ListQuery,
  answer: {
    schema: TaskList,
    example: {
      tasks: [{ id: TASK_ID, type: 'email', status: 'pending', attempt: 0, createdAt: CREATED_AT }],
      count: 1,
    },
  },
  errors: ['unavailable'],
};

export const getTask: RouteDescription = {
  name: 'getTask',
  summary: 'Get a task with its payload, result and attempts',
  tag: 'Tasks',
  tokens: ['client'],
  answer: {
    schema: TaskView,
    example: {
      ...STATUS,
      payload: SUBMISSION.payload,
      result: { delivered: true },
      priority: 0,
      attempts: [{ attempt: 1, runner: RUNNER, startedAt: CLAIMED_AT, endedAt: ENDED_AT }],
    },
  },
  errors: ['invalid_request', 'task_not_found', 'unavailable'],
};

export const getStatus: RouteDescription = {
  name: 'getTaskStatus',
  summary: 'Get the status of a task',
  description: 'With `wait` the answer is held until the task has ended, at most this many seconds.',
  tag: 'Tasks',
  tokens: ['client'],
  query: StatusQuery,
  answer: { schema: StatusView, example: STATUS },
  errors: ['task_not_found', 'unavailable'],
};

export const followTask: RouteDescription = {
  name: 'followTask',
  summary: 'Follow the status of a task by server-sent events',
  description:
    'An event `status` for each change of status, attempt or progress, its data a `StatusView`; the stream ends when the task has. 204 where nothing will come any more.',
  tag: 'Tasks',
  tokens: ['client'],
  ticket: true,
  headers: LastEventHeader,
  answer: { text: { type: 'text/event-stream', says: 'event: status, id: …, data: a StatusView as JSON' } },
  errors: ['invalid_request', 'task_not_found', 'unavailable'],
};

export const cancelTask: RouteDescription = {
  name: 'cancelTask',
  summary: 'Cancel a task, also while it runs',
  tag: 'Tasks',
  tokens: ['client'],
  answer: { schema: StatusView, example: { ...STATUS, status: 'cancelled' } },
  errors: ['invalid_request', ...CHANGE_ERRORS, 'task_finished', 'full'],
};

export const retryTask: RouteDescription = {
  name: 'retryTask',
  summary: 'Retry a failed or cancelled task, with all its attempts',
  tag: 'Tasks',
  tokens: ['client'],
  answer: {
    schema: StatusView,
    example: { ...STATUS, status: 'pending', completedAt: undefined, attempt: 0 },
  },
  errors: ['invalid_request', ...CHANGE_ERRORS, 'task_not_retryable'],
};

export const cancelTasks: RouteDescription = {
  name: 'cancelTasks',
  summary: 'Cancel all tasks that match the filters, 500 a call',
  description: 'Newest first. Pass `nextCursor` as `cursor` to get the next page, until there is none.',
  tag: 'Tasks',
  tokens: ['client'],
  query: CancelQuery,
  answer: { schema: Changed, example: CHANGED },
  errors: ['unavailable'],
};

export const retryTasks: RouteDescription = {
  name: 'retryTasks',
  summary: 'Retry all tasks that match the filters, 500 a call',
  description: 'Newest first. Pass `nextCursor` as `cursor` to get the next page, until there is none.',
  tag: 'Tasks',
  tokens: ['client'],
  query: RetryQuery,
  answer: { schema: Changed, example: CHANGED },
  errors: ['unavailable'],
};

export const completeTask: RouteDescription = {
  name: 'completeTask',
  summary: 'Report the result of a task',
  description: 'With `leaseId` for a task of a batch claim; without it for a task of a single-task claim.',
  tag: 'Consumers of single tasks',
  tokens: ['runner'],
  body: { schema: CompleteRequest, example: { success: true, result: { delivered: true } } },
  answer: {
    schema: Completed,
    example: { success: true, message: 'Task marked as completed', taskId: TASK_ID, status: 'completed' },
  },
  errors: ['task_not_found', 'stale_lease', 'lease_id_required', 'task_not_leased', 'result_too_large'],
};

export const completeTasks: RouteDescription = {
  name: 'completeTasks',
  summary: 'Report the results of up to 1,000 tasks',
  description: 'Each result has its own outcome. A repeated result gets the same outcome again.',
  tag: 'Runners',
  tokens: ['runner'],
  body: {
    schema: ReportRequest,
    example: {
      results: [{ taskId: TASK_ID, leaseId: LEASE_ID, success: true, result: { delivered: true } }],
    },
  },
  answer: { schema: ReportAnswer, example: { outcomes: [{ taskId: TASK_ID, status: 'completed' }] } },
  errors: ['result_too_large'],
};

export const getStats: RouteDescription = {
  name: 'getStats',
  summary: 'Get the statistics of the queue',
  tag: 'Queue',
  tokens: ['client'],
  answer: {
    schema: QueueStats,
    example: {
      timestamp: ENDED_AT,
      counts: COUNTS,
      oldestWaiting: { taskId: TASK_ID, type: 'email', since: CREATED_AT },
      types: [
        {
          type: 'email',
          counts: COUNTS,
          totals: { completed: 120, failed: 1, cancelled: 0, retries: 4, leaseExpiries: 0 },
          paused: false,
          handled: true,
        },
      ],
      minutes: [
        {
          minute: CREATED_AT,
          completed: 120,
          failed: 1,
          waitMs: { p50: 38, p95: 61 },
          runMs: { p50: 210, p95: 470 },
        },
      ],
    },
  },
  errors: ['unavailable'],
};

export const listRunners: RouteDescription = {
  name: 'listRunners',
  summary: 'List the runners that are connected or hold tasks',
  tag: 'Queue',
  tokens: ['client'],
  answer: {
    schema: RunnerList,
    example: {
      runners: [
        {
          name: RUNNER,
          startedAt: CREATED_AT,
          threads: 8,
          ioConcurrency: 32,
          types: ['email'],
          held: 1,
          tasks: [{ taskId: TASK_ID, type: 'email', claimedAt: CLAIMED_AT }],
        },
      ],
      count: 1,
    },
  },
  errors: ['unavailable'],
};

const SWITCH_ERRORS = ['invalid_request'] as const;

export const pauseType: RouteDescription = {
  name: 'pauseType',
  summary: 'Pause a task type: its waiting tasks are not handed out; running tasks continue',
  tag: 'Queue',
  tokens: ['client'],
  answer: { schema: TypeSwitch, example: { success: true, type: 'email', paused: true } },
  errors: SWITCH_ERRORS,
};

export const resumeType: RouteDescription = {
  name: 'resumeType',
  summary: 'Resume a paused task type',
  tag: 'Queue',
  tokens: ['client'],
  answer: { schema: TypeSwitch, example: { success: true, type: 'email', paused: false } },
  errors: SWITCH_ERRORS,
};

export const openLive: RouteDescription = {
  name: 'openLive',
  summary: 'A WebSocket with live statistics',
  description:
    'A `LiveUpdate` as JSON when it opens, and then when something has changed, once a second at most. It answers `ping` with `pong`.',
  tag: 'Queue',
  tokens: ['client'],
  ticket: true,
  answer: { status: 101 },
  errors: ['upgrade_required', 'unavailable'],
};

export const giveTicket: RouteDescription = {
  name: 'giveTicket',
  summary: 'Create a ticket for a browser’s WebSocket or event stream, which cannot send headers',
  description:
    'It is valid for a minute, in the query parameter `ticket`, as long as the token that it was given for is. What it opened ends within two minutes after that token is removed.',
  tag: 'Queue',
  tokens: ['client'],
  answer: {
    status: 201,
    schema: Ticket,
    example: {
      ticket: 'eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo',
      expiresAt: ENDED_AT,
    },
  },
  errors: [],
};

export const getMetrics: RouteDescription = {
  name: 'getMetrics',
  summary: 'Metrics for Prometheus',
  tag: 'Service',
  tokens: ['client', 'runner'],
  answer: { text: { type: 'text/plain', says: 'The text format of Prometheus' } },
  errors: ['unavailable'],
};
