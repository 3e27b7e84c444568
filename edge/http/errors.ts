import type { Context } from 'hono';
import { ERRORS, type ErrorBody, type ErrorCode } from '../contract/errors.ts';

/** An answer other than success: a sentence for people, a code for programs, and what else the body says. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, details: Record<string, unknown> = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** No task has this id, or none that is still known. */
export function taskNotFound(taskId: string): ApiError {
  return new ApiError('task_not_found', 'Task not found', { taskId });
}

const RETRY_AFTER_SECONDS = { 429: '60', 503: '5' } as const;

/** Writes an error as every error of the wire is written. */
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

/** An answer shows this many issues, each with so many characters of its path and its message. */
const MAX_ISSUES = 20;
const MAX_PATH_LENGTH = 200;
const MAX_MESSAGE_LENGTH = 300;

/** A request whose fields are wrong; the sentence names the first, `issues` the first 20. */
export function invalidRequest(first: Issue, ...others: Issue[]): ApiError {
  const issues = [first, ...others.slice(0, MAX_ISSUES - 1)].map(({ path, message }) => ({
    path: shortened(path.map(String).join('.'), MAX_PATH_LENGTH),
    message: shortened(message, MAX_MESSAGE_LENGTH),
  }));
  const [{ path, message } = { path: '', message: '' }] = issues;
  return new ApiError('invalid_request', path ? `${path}: ${message}` : message, { issues });
}

/** What a request has sent, cut to what an answer repeats of it. */
export function shortened(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
