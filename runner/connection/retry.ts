import pRetry from 'p-retry';
import type { RunnerBus } from '../events.ts';
import { EdgeError } from './edge-client.ts';

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5000;

export interface RetryOptions {
  readonly events: RunnerBus;
  /** Ends the repeats; a call under way is left to its end. */
  readonly signal: AbortSignal;
}

/**
 * Repeats a call to the edge until it is answered, with growing, jittered delays.
 *
 * @throws {EdgeError} when the edge refuses the call in a way that a repeat cannot change.
 * @throws the signal's reason, when it is aborted first.
 */
export function untilAnswered<Answer>(
  call: () => Promise<Answer>,
  { events, signal }: RetryOptions,
): Promise<Answer> {
  return pRetry(call, {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: FIRST_DELAY_MS,
    maxTimeout: MAX_DELAY_MS,
    randomize: true,
    signal,
    shouldRetry: ({ error }) => !(error instanceof EdgeError && error.permanent),
    onFailedAttempt: ({ error }) => {
      if (!signal.aborted) events.emit('retrying', error);
    },
  });
}
