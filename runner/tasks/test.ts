import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { defineTask } from '../task.ts';
import { failAsAsked, simulatedFailure } from './lib/simulated-failure.ts';

/** The longest delay of `setTimeout`. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Waits, then succeeds or fails as the payload requests. Use it to try out the queue. */
export default defineTask({
  type: 'test',
  lane: 'io',
  payload: simulatedFailure.extend({ durationMs: z.number().min(0).max(MAX_DELAY_MS).default(0) }),

  async run({ durationMs, ...failure }, { attempt, signal, log }) {
    log.info(`Simulating test work for ${durationMs}ms...`);
    await setTimeout(durationMs, undefined, { signal });
    failAsAsked(failure, attempt);
    return { durationMs, attempt };
  },
});
