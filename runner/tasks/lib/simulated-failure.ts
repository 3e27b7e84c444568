import { z } from 'zod';
import { NonRetryableError } from '../../task.ts';

/** How a task of type `test` or `test-cpu` fails. Other keys are allowed and ignored. */
export const simulatedFailure = z.looseObject({
  /** Fails permanently with `errorMessage`. */
  shouldFail: z.boolean().default(false),
  errorMessage: z.string().optional(),
  /** The number of attempts that fail. Each of them is retried. */
  failTimes: z.int().min(0).default(0),
});

/**
 * Throws the error that the payload requests.
 *
 * @throws NonRetryableError if `shouldFail` is set.
 * @throws Error if `attempt` is one of the first `failTimes` attempts.
 */
export function failAsAsked(
  { shouldFail, errorMessage, failTimes }: z.output<typeof simulatedFailure>,
  attempt: number,
): void {
  if (shouldFail) throw new NonRetryableError(errorMessage ?? 'Simulated task failure');
  if (attempt <= failTimes) {
    throw new Error(errorMessage ?? `Simulated failure of attempt ${attempt}, ${failTimes} are to fail`);
  }
}
