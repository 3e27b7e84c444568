import * as z from 'zod';

/** Every error's `code`, and the HTTP status that it comes with. */
export const ERROR_STATUS = {
  invalid_json: 400,
  invalid_request: 400,
  too_many_types: 400,
  submission_id_not_current: 400,
  unauthorized: 401,
  forbidden: 403,
  foreign_origin: 403,
  not_found: 404,
  task_not_found: 404,
  method_not_allowed: 405,
  task_not_available: 409,
  task_not_finished: 409,
  task_not_leased: 409,
  lease_id_required: 409,
  stale_lease: 409,
  task_finished: 409,
  task_not_retryable: 409,
  archived: 409,
  idempotency_key_reused: 409,
  payload_too_large: 413,
  result_too_large: 413,
  request_too_large: 413,
  upgrade_required: 426,
  rate_limited: 429,
  internal: 500,
  not_configured: 503,
  full: 503,
  unavailable: 503,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

const ErrorCodes = z.enum(Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]]);

/** The body of every error answer; some carry more fields, such as `taskId`. */
export const ErrorBody = z
  .looseObject({
    error: z.string(),
    code: ErrorCodes,
    issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'ErrorBody' });
export type ErrorBody = z.infer<typeof ErrorBody>;
