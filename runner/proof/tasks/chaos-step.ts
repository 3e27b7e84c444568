import { defineTask } from '../../task.ts';
import { runStep, StepPayload } from '../step.ts';

/** Blocks its thread. Meanwhile, code on that thread cannot renew a lease or react to an abort. */
export default defineTask({
  type: 'chaos-step',
  lane: 'cpu',
  payload: StepPayload,
  run: (payload, context) => runStep(payload, context, () => (payload.spin ? spin : block)(payload.ms)),
});

function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
