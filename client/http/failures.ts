import { HTTPError, TimeoutError } from 'ky';
import { ErrorBody } from '../../edge/contract/errors.ts';
import { originOf } from '../../edge/contract/text.ts';
import { TaskQueueError } from '../errors.ts';

/** The error for a failed request. Its message tells the caller what to do. */
export function failureOf(url: string, path: string, error: unknown): TaskQueueError {
  return error instanceof HTTPError ? refusal(url, path, error) : unreachable(url, error);
}

/** The error for an answer that does not match the contract. */
export function unexpected(url: string, path: string, status: number): TaskQueueError {
  return new TaskQueueError(
    'unexpected_answer',
    `${url}${path} returned ${status} and not an answer of the API Worker: check the URL, and that client and worker have the same version`,
    { status },
  );
}

/** Whether a repeat of the call might succeed. */
export function isPassing(error: Error): boolean {
  return !(error instanceof HTTPError) || codeOf(error) !== 'not_configured';
}

function codeOf(error: HTTPError): string | undefined {
  return ErrorBody.safeParse(error.data).data?.code;
}

function refusal(url: string, path: string, { response, data }: HTTPError): TaskQueueError {
  const { status, headers } = response;
  if (isRedirect(response)) return redirected(url, status, headers.get('Location'));
  const body = ErrorBody.safeParse(data);
  if (!body.success) return unexpected(url, path, status);
  const retryAfter = headers.get('Retry-After');
  return new TaskQueueError(body.data.code, `${sentence(body.data)}${advice(url, body.data)}`, {
    status,
    issues: body.data.issues,
    retryAfterSeconds: retryAfter === null ? undefined : Number(retryAfter),
  });
}

/** Browsers hide a redirect that is not followed: its answer has the status 0 and no headers. */
function isRedirect({ status }: Response): boolean {
  return status === 0 || (status >= 300 && status < 400);
}

function redirected(url: string, status: number, location: string | null): TaskQueueError {
  const origin = originOf(location, url);
  const where = `${origin && ` to ${origin}`}${status === 0 ? '' : ` (status ${status})`}`;
  return new TaskQueueError(
    'unexpected_answer',
    `${url} redirects${where}, and the client follows no redirects: correct \`url\`, the URL of the API Worker`,
    { status },
  );
}

function sentence({ error, code, taskId }: ErrorBody): string {
  return code === 'task_not_found' ? `No task has the id ${String(taskId)}` : error;
}

function advice(url: string, { code }: ErrorBody): string {
  switch (code) {
    case 'unauthorized':
    case 'forbidden':
      return `: check the token, one of the API_TOKENS of ${url}`;
    case 'not_found':
    case 'method_not_allowed':
      return `: check that ${url} is an API Worker of this version`;
    case 'task_not_found':
      return ': check the id; ended tasks are kept for 30 days, or for ARCHIVE_DAYS if it is set';
    default:
      return '';
  }
}

function unreachable(url: string, error: unknown): TaskQueueError {
  const where = 'document' in globalThis ? ", and the worker's ALLOWED_ORIGINS" : '';
  return new TaskQueueError(
    'unreachable',
    `The API Worker at ${url} does not answer (${reasonOf(error)}): check the URL${where}`,
    { cause: error },
  );
}

/** The code of a system error, such as ECONNREFUSED, or else its message, taken from the innermost cause. */
function reasonOf(error: unknown): string {
  if (error instanceof TimeoutError) return 'timeout';
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (error.cause !== undefined) return reasonOf(error.cause);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
