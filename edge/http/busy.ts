import type { Busy } from '../contract/ledger/tasks.ts';
import { ApiError } from './errors.ts';

/**
 * Returns the ledger's answer.
 *
 * @throws {ApiError} 503 if the ledger was too busy with such calls.
 */
export function unlessBusy<Answer extends object>(answer: Answer | Busy): Answer {
  if (!isBusy(answer)) return answer;
  throw new ApiError('unavailable', 'Too many calls of this kind are waiting; try again in some seconds');
}

function isBusy(answer: object): answer is Busy {
  return 'busy' in answer;
}
