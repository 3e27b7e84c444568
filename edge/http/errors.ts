import type { Context } from 'hono';
import { ERRORS, type ErrorBody, type ErrorCode } from '../contract/errors.ts';

/** An error response: a message for people, a code for programs, and further fields of the body. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, details: Record<string, unknown> = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** No task has this id, or the task is no longer known. */
export function taskNotFound(taskId: string): ApiError {
  return new ApiError('task_not_found', 'Task not found', { taskId });
}

const RETRY_AFTER_SECONDS = { 429: '60', 503: '5' } as const;

/** Responds with an error. */
export function answerError(c: Context, { code, message, details }: ApiError): Response {
  const status = ERRORS[code].status;
  if (status === 429 || status === 503) c.header('Retry-After', RETRY_AFTER_SECONDS[status]);
  if (status === 401) c.header('WWW-Authenticate', 'Bearer');
  const body: ErrorBody = { error: message, code, ...details };
  return c.json(body, status);
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The limits of an error response: the number of issues, and the length of each path and message. */
const MAX_ISSUES = 20;
const MAX_PATH_LENGTH = 200;
const MAX_MESSAGE_LENGTH = 300;

/** The error for a request with invalid fields. The message describes the first, and `issues` lists up to 20. */
export function invalidRequest(first: Issue, ...others: Issue[]): ApiError {
  const issues = [first, ...others.slice(0, MAX_ISSUES - 1)].map(({ path, message }) => ({
    path: shortened(path.map(String).join('.'), MAX_PATH_LENGTH),
    message: shortened(message, MAX_MESSAGE_LENGTH),
  }));
  const [{ path, message } = { path: '', message: '' }] = issues;
  return new ApiError('invalid_request', path ? `${path}: ${message}` : message, { issues });
}

/** Truncates a text of a request for a response. */
export function shortened(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
