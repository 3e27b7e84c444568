import { MAX_LIVE_SOCKETS, MAX_LIVE_TYPES } from '../contract/limits.ts';
import { type LiveUpdate, QueueStats, RunnerList, type RunnerView, TypeSwitch } from '../contract/stats.ts';
import { TaskType } from '../contract/task.ts';
import { unlessBusy } from '../http/busy.ts';
import { ApiError } from '../http/errors.ts';
import { CLAIMED_AT, CREATED_AT, ENDED_AT, RUNNER, TASK_ID } from '../http/examples.ts';
import { check } from '../http/input.ts';
import { openLedgerSocket } from '../http/sockets/ledger-socket.ts';
import { openedBy } from '../http/tickets.ts';
import { ledgerOf } from '../platform/ledger.ts';
import type { ApiContext, ApiRoute } from './env.ts';

const COUNTS = { scheduled: 0, ready: 3, processing: 2, completed: 120, failed: 1, cancelled: 0 };

/** `GET /stats`. */
export const getStats: ApiRoute = [
  {
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
  },
  async (c) => {
    const answer: QueueStats = unlessBusy<LiveUpdate>(await ledgerOf(c.env).snapshot()).stats;
    return c.json(answer);
  },
];

/** `GET /runners`. */
export const listRunners: ApiRoute = [
  {
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
  },
  async (c) => {
    const runners = unlessBusy<RunnerView[]>(await ledgerOf(c.env).runners());
    const answer: RunnerList = { runners, count: runners.length };
    return c.json(answer);
  },
];

/** `GET /live`: a WebSocket that sends the statistics when it opens and after changes. */
export const openLive: ApiRoute = [
  {
    name: 'openLive',
    summary: 'Open a WebSocket with live statistics',
    description:
      'The socket sends a `LiveUpdate` as JSON when it opens, and then after changes, at most once per second. It answers `ping` with `pong`, and closes at any other message.',
    tag: 'Queue',
    tokens: ['client'],
    ticket: true,
    answer: { status: 101 },
    errors: ['upgrade_required', 'unavailable'],
  },
  (c) =>
    openLedgerSocket(
      c,
      { client: openedBy(c) },
      `The maximum of ${MAX_LIVE_SOCKETS} open sockets is reached: close one and try again`,
    ),
];

/** `POST /types/:type/pause`. */
export const pauseType: ApiRoute = [
  {
    name: 'pauseType',
    summary: 'Pause a task type: its waiting tasks do not start; running tasks continue',
    tag: 'Queue',
    tokens: ['client'],
    answer: { schema: TypeSwitch, example: { success: true, type: 'email', paused: true } },
    errors: ['invalid_request', 'too_many_paused'],
  },
  async (c) => {
    const type = readType(c);
    const isPaused = await ledgerOf(c.env).pause(type);
    if (!isPaused) {
      throw new ApiError(
        'too_many_paused',
        `${MAX_LIVE_TYPES} task types are paused, which is the maximum: resume one and try again`,
      );
    }
    return answerSwitch(c, type, true);
  },
];

/** `POST /types/:type/resume`. */
export const resumeType: ApiRoute = [
  {
    name: 'resumeType',
    summary: 'Resume a paused task type',
    tag: 'Queue',
    tokens: ['client'],
    answer: { schema: TypeSwitch, example: { success: true, type: 'email', paused: false } },
    errors: ['invalid_request'],
  },
  async (c) => {
    const type = readType(c);
    await ledgerOf(c.env).resume(type);
    return answerSwitch(c, type, false);
  },
];

function readType(c: ApiContext): string {
  return check(TaskType, c.req.param('type'));
}

function answerSwitch(c: ApiContext, type: string, paused: boolean): Response {
  const answer: TypeSwitch = { success: true, type, paused };
  return c.json(answer);
}
