import { defineTask } from '../../task.ts';
import { runStep, StepPayload } from '../step.ts';

/** Blocks its thread: nothing on that thread can renew a lease or hear an abort meanwhile. */
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
