import { z } from 'zod';
import { defineTask } from '../../runner/task.ts';

/** Does nothing. Its result contains the number of its payload and the time at which it ran. */
export default defineTask({
  type: 'bench-noop',
  lane: 'io',
  payload: z.object({ n: z.number() }),
  run: ({ n }) => ({ n, at: Date.now() }),
});
