import type { ErrorCode } from '../edge/contract/errors.ts';

/** The codes of the API, and those of errors that the client finds itself. */
export type TaskQueueErrorCode = ErrorCode | 'unreachable' | 'unexpected_answer' | 'wait_timeout';

/** A wrong field: its place in the request, and what was expected. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

export interface TaskQueueErrorDetails {
  readonly status?: number | undefined;
  readonly issues?: readonly Issue[] | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly submitted?: readonly string[] | undefined;
  readonly cause?: unknown;
}

/** A call that failed: `code` is for programs, the message says what was wrong and what to do. */
export class TaskQueueError extends Error {
  override readonly name = 'TaskQueueError';
  readonly code: TaskQueueErrorCode;
  /** The HTTP status of the answer; undefined if there was none, 0 for a redirect in a browser. */
  readonly status: number | undefined;
  /** The fields that are wrong, for `invalid_request`. */
  readonly issues: readonly Issue[] | undefined;
  /** Seconds until the call may succeed, if the worker said so. */
  readonly retryAfterSeconds: number | undefined;
  /** The ids of the tasks that `submitMany` had submitted before it failed. */
  readonly submitted: readonly string[] | undefined;

  constructor(
    code: TaskQueueErrorCode,
    message: string,
    { status, issues, retryAfterSeconds, submitted, cause }: TaskQueueErrorDetails = {},
  ) {
    super(message, { cause });
    this.code = code;
    this.status = status;
    this.issues = issues;
    this.retryAfterSeconds = retryAfterSeconds;
    this.submitted = submitted;
  }
}
