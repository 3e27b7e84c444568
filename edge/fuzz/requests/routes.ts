import fc, { type Arbitrary } from 'fast-check';
import { z } from 'zod';
import * as Api from '../../contract/api.ts';
import * as Work from '../../contract/buffer.ts';
import * as Schedules from '../../contract/schedule.ts';
import * as Stats from '../../contract/stats.ts';
import {
  count,
  error,
  lease,
  leaseId,
  limit,
  missed,
  name,
  overlap,
  result,
  since,
  status,
  task,
  taskId,
  type,
  want,
} from './fields.ts';
import { type Json, json, list, record } from './values.ts';

export interface Route {
  worker: 'api' | 'buffer';
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** `:id` is replaced by a task's id, and `:name` by that of a schedule. */
  path: string;
  answer: z.ZodType;
  query: Record<string, Arbitrary<string>>;
  body: Arbitrary<Json> | null;
}

type Rest = Partial<Pick<Route, 'query' | 'body'>>;
const get = (worker: Route['worker'], path: string, answer: z.ZodType, rest: Rest = {}): Route => {
  return { worker, method: 'GET', path, answer, query: {}, body: null, ...rest };
};
const post = (worker: Route['worker'], path: string, answer: z.ZodType, rest: Rest = {}): Route => {
  return { worker, method: 'POST', path, answer, query: {}, body: record({}), ...rest };
};

const SCHEDULE = '/schedules/:name';
const settings = record(
  { type, everySeconds: count(86_400) },
  { payload: json, overlap, missed, jitterSeconds: count(3600), startAt: since, endAt: since },
);

const Page = z.string().startsWith('<!doctype html>');
const OpenApi = z.looseObject({ openapi: z.string() });

/** Every route of both workers except the sockets and the stream. The first one that matches serves a request. */
export const ROUTES: readonly Route[] = [
  get('api', '/health', Api.Health),
  post('api', '/tasks', Api.Submitted, { body: task }),
  post('api', '/tasks/batch', Api.BatchSubmitted, { body: record({ tasks: list(task) }) }),
  get('api', '/tasks', Api.TaskList, {
    query: {
      limit,
      status,
      type,
      tag: name,
      id: taskId,
      createdAfter: since,
      createdBefore: since,
      cursor: taskId,
    },
  }),
  post('api', '/tasks/cancel', Api.Changed, {
    query: { status, type, tag: name, id: taskId, cursor: taskId },
  }),
  { ...post('api', SCHEDULE, Schedules.Schedule, { body: settings }), method: 'PUT' },
  { ...post('api', SCHEDULE, Schedules.ScheduleDeleted), method: 'DELETE', body: null },
  get('api', SCHEDULE, Schedules.ScheduleDetails),
  get('api', '/schedules', Schedules.ScheduleList, { query: { limit, cursor: type } }),
  post('api', `${SCHEDULE}/run`, Schedules.ScheduleRun),
  post('api', `${SCHEDULE}/pause`, Schedules.Schedule),
  post('api', `${SCHEDULE}/resume`, Schedules.Schedule),
  post('api', `${SCHEDULE}/backfill`, Schedules.Backfilled, { body: record({ from: since, to: since }) }),
  get('api', '/stats', Stats.QueueStats),
  get('api', '/runners', Stats.RunnerList),
  post('api', '/tickets', Stats.Ticket),
  post('api', '/types/paused/pause', Stats.TypeSwitch),
  post('api', '/types/paused/resume', Stats.TypeSwitch),
  post('api', '/tasks/retry', Api.Changed, { query: { status, type, since, cursor: taskId } }),
  post('api', '/tasks/complete', Api.ReportAnswer, { body: record({ results: list(result) }) }),
  get('api', '/tasks/:id', Api.TaskView),
  get('api', '/tasks/:id/status', Api.StatusView),
  post('api', '/tasks/:id/cancel', Api.StatusView),
  post('api', '/tasks/:id/retry', Api.StatusView),
  post('api', '/tasks/:id/complete', Api.Completed, {
    body: record({ success: fc.boolean() }, { result: json, error, leaseId }),
  }),
  get('api', '/metrics', z.string()),
  get('api', '/openapi.json', OpenApi),
  get('api', '/', Page),
  get('api', '/reference', Page),
  get('buffer', '/openapi.json', OpenApi),
  get('buffer', '/reference', Page),
  get('buffer', '/health', Api.Health),
  get('buffer', '/tasks/ready', Work.BufferList, { query: { limit } }),
  get('buffer', '/tasks/all', Work.BufferList, { query: { limit } }),
  post('buffer', '/tasks/claim', Work.Claim, {
    body: record({ leaseId, runner: name, wants: list(want) }, { leaseSeconds: count(3600) }),
  }),
  post('buffer', '/tasks/heartbeat', Work.HeartbeatAnswer, { body: record({ leases: list(lease) }) }),
  post('buffer', '/tasks/release', Work.Released, { body: record({ leaseId, taskIds: list(taskId) }) }),
  post('buffer', '/tasks/:id/claim', Work.SingleClaim),
  post('buffer', '/tasks/:id/complete', Work.Removed),
];
