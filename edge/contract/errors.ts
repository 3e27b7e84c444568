import * as z from 'zod';

/** The codes of errors: the HTTP status of each, and what it means. */
export const ERRORS = {
  invalid_json: { status: 400, meaning: 'The body is not JSON' },
  invalid_request: {
    status: 400,
    meaning: 'A field of the request is not valid; `issues` lists each such field, up to 20',
  },
  too_many_types: { status: 400, meaning: 'The queue already has 10,000 task types, and this type is new' },
  submission_id_not_current: { status: 400, meaning: 'The time of the `Submission-Id` is too far from now' },
  unauthorized: { status: 401, meaning: 'The token is missing or not valid' },
  forbidden: { status: 403, meaning: 'The token is valid, but not for this call' },
  foreign_origin: {
    status: 403,
    meaning:
      'The worker has no tokens, and the request came from a page of another origin or under another name than localhost',
  },
  not_found: { status: 404, meaning: 'There is no endpoint at this path' },
  task_not_found: { status: 404, meaning: 'No task has this id, or its archive has expired' },
  too_many_schedules: { status: 409, meaning: 'There are 50,000 schedules, and this one is new' },
  schedule_not_found: { status: 404, meaning: 'There is no schedule of this name' },
  method_not_allowed: {
    status: 405,
    meaning: 'The path does not support this method; the header `Allow` lists the methods that it supports',
  },
  task_not_available: {
    status: 409,
    meaning: 'The task cannot be claimed now; `currentStatus` is its status',
  },
  task_not_finished: { status: 409, meaning: 'The task has not ended yet' },
  task_not_leased: { status: 409, meaning: 'The task is not claimed' },
  lease_id_required: {
    status: 409,
    meaning: 'The task is claimed under a lease, and the report has no `leaseId`',
  },
  stale_lease: { status: 409, meaning: 'The lease no longer holds the task' },
  task_finished: { status: 409, meaning: 'The task has ended already' },
  too_many_paused: { status: 409, meaning: '10,000 task types are paused, and this type is not one of them' },
  task_not_retryable: { status: 409, meaning: 'The task has not failed and was not cancelled' },
  archived: { status: 409, meaning: 'The task was archived; it can be read but not changed' },
  idempotency_key_reused: {
    status: 409,
    meaning: 'The key was used for another request within the last 24 hours',
  },
  payload_too_large: { status: 413, meaning: 'A payload is larger than 10 MB' },
  result_too_large: { status: 413, meaning: 'A result is larger than 256 KB' },
  request_too_large: { status: 413, meaning: 'The request is larger than 20 MB' },
  upgrade_required: { status: 426, meaning: 'The request does not open a WebSocket' },
  rate_limited: {
    status: 429,
    meaning: 'Too many requests with this token; retry after the time in `Retry-After`',
  },
  internal: { status: 500, meaning: 'The request failed because of a fault of the service' },
  not_configured: { status: 503, meaning: 'The worker has no tokens yet, or none that can be used' },
  full: { status: 503, meaning: 'The ledger is full; retry after the time in `Retry-After`' },
  unavailable: {
    status: 503,
    meaning: 'The service cannot handle the call now; retry after the time in `Retry-After`',
  },
} as const;

export type ErrorCode = keyof typeof ERRORS;

const ErrorCodes = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]);

/** The body of every error response. Some have more fields, such as `taskId`. */
export const ErrorBody = z
  .looseObject({
    error: z.string(),
    code: ErrorCodes,
    issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'ErrorBody' });
export type ErrorBody = z.infer<typeof ErrorBody>;
