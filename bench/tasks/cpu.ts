import { z } from 'zod';
import { defineTask } from '../../runner/task.ts';
import { work } from '../work.ts';

/** Works for a number of iterations. Its result depends only on them and on the seed. */
export default defineTask({
  type: 'bench-cpu',
  lane: 'cpu',
  payload: z.object({ seed: z.number(), iterations: z.number() }),
  run: ({ seed, iterations }) => work(seed, iterations),
});
