import type { Busy } from '../contract/ledger/tasks.ts';
import { ApiError } from './errors.ts';

/**
 * What the ledger answered.
 *
 * @throws {ApiError} 503 if it was too busy with such calls.
 */
export function unlessBusy<Answer extends object>(answer: Answer | Busy): Answer {
  if (!isBusy(answer)) return answer;
  throw new ApiError('unavailable', 'Too many calls of this kind wait already; ask again in some seconds');
}

function isBusy(answer: object): answer is Busy {
  return 'busy' in answer;
}
