import { TaskQueueError } from '../errors.ts';
import { EXIT } from './exit-codes.ts';

/** The message that the command line prints for an error. It names the flag to check. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof TaskQueueError)) return error.message;
  switch (error.code) {
    case 'unreachable':
    case 'unexpected_answer':
    case 'not_found':
    case 'method_not_allowed':
      return `${error.message} (--api-url, API_WORKER_URL)`;
    case 'unauthorized':
    case 'forbidden':
      return `${error.message} (--token, API_TOKEN)`;
    default:
      return error.message;
  }
}

export function exitCodeOf(error: unknown): number {
  return error instanceof TaskQueueError && error.code === 'wait_timeout' ? EXIT.waitTimeout : EXIT.error;
}
