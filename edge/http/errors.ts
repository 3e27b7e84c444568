import type { Context } from 'hono';
import { ERROR_STATUS, type ErrorBody, type ErrorCode } from '../contract/errors.ts';

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
  const status = ERROR_STATUS[code];
  if (status === 429 || status === 503) c.header('Retry-After', RETRY_AFTER_SECONDS[status]);
  if (status === 401) c.header('WWW-Authenticate', 'Bearer');
  const body: ErrorBody = { error: message, code, ...details };
  return c.json(body, status);
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A request whose fields are wrong; the sentence names the first, `issues` all. */
export function invalidRequest(first: Issue, ...others: Issue[]): ApiError {
  const issues = [first, ...others].map(({ path, message }) => ({
    path: path.map(String).join('.'),
    message,
  }));
  const sentence = issues[0]?.path ? `${issues[0].path}: ${first.message}` : first.message;
  return new ApiError('invalid_request', sentence, { issues });
}
