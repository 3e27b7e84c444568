import { z } from 'zod';
import { defineTask } from '../task.ts';
import { failAsAsked, simulatedFailure } from './lib/simulated-failure.ts';

/** Keeps its thread busy, then succeeds or fails as the payload requests. Use it to try out the pool. */
export default defineTask({
  type: 'test-cpu',
  lane: 'cpu',
  payload: simulatedFailure.extend({ cpuMs: z.number().min(0).default(0) }),

  run({ cpuMs, ...failure }, { attempt, log }) {
    log.info(`Simulating CPU work for ${cpuMs}ms...`);
    const end = performance.now() + cpuMs;
    while (performance.now() < end);
    failAsAsked(failure, attempt);
    return { cpuMs, attempt };
  },
});
