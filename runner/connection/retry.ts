import pRetry from 'p-retry';
import type { RunnerBus } from '../events.ts';
import { EdgeError } from './edge-client.ts';

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5000;

export interface RetryOptions {
  readonly events: RunnerBus;
  /** Ends the retries. A call in flight continues to its end. */
  readonly signal: AbortSignal;
}

/**
 * Retries a call to the edge until it is answered, with growing, jittered delays.
 *
 * @throws {EdgeError} if the edge refuses the call permanently.
 * @throws the signal's reason if the signal is aborted first.
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
