import pRetry from 'p-retry';
import type { RunnerBus } from './events.ts';

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5000;

/**
 * Repeats a call to the edge until it is answered, with growing, jittered delays.
 *
 * @throws the signal's reason, when it is aborted first.
 */
export function untilAnswered<Answer>(
  call: () => Promise<Answer>,
  { events, signal }: { events: RunnerBus; signal: AbortSignal },
): Promise<Answer> {
  return pRetry(call, {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: FIRST_DELAY_MS,
    maxTimeout: MAX_DELAY_MS,
    randomize: true,
    signal,
    onFailedAttempt: ({ error }) => {
      events.emit('retrying', error);
    },
  });
}
