import { z } from 'zod';
import { defineTask } from '../../runner/task.ts';

/** Does nothing; its result says which payload it was given, and when it ran. */
export default defineTask({
  type: 'bench-noop',
  lane: 'io',
  payload: z.object({ n: z.number() }),
  run: ({ n }) => ({ n, at: Date.now() }),
});
