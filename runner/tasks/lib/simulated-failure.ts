import { z } from 'zod';
import { NonRetryableError } from '../../task.ts';

/** How a task of the types `test` and `test-cpu` is to fail; other keys are allowed and ignored. */
export const simulatedFailure = z.looseObject({
  /** Fails for good, with `errorMessage`. */
  shouldFail: z.boolean().default(false),
  errorMessage: z.string().optional(),
  /** Fails this many attempts, each of them to be retried. */
  failTimes: z.int().min(0).default(0),
});

/**
 * Throws what the payload asks for.
 *
 * @throws NonRetryableError where `shouldFail` is set.
 * @throws Error where `attempt` is among the first `failTimes`.
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
