import { setTimeout as sleep } from 'node:timers/promises';
import { defineTask } from '../../task.ts';
import { runStep, StepPayload } from '../step.ts';

/** Waits, like a task that calls another machine. An abort ends it early. */
export default defineTask({
  type: 'chaos-wait',
  lane: 'io',
  payload: StepPayload,
  run: (payload, context) =>
    runStep(payload, context, () => sleep(payload.ms, undefined, { signal: context.signal })),
});
