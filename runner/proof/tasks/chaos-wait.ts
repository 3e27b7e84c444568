import { setTimeout as sleep } from 'node:timers/promises';
import { defineTask } from '../../task.ts';
import { runStep, StepPayload } from '../step.ts';

/** Waits, as tasks do that talk to other machines; ends early when it is aborted. */
export default defineTask({
  type: 'chaos-wait',
  lane: 'io',
  payload: StepPayload,
  run: (payload, context) =>
    runStep(payload, context, () => sleep(payload.ms, undefined, { signal: context.signal })),
});
