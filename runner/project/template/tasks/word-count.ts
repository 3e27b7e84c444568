import { defineTask, NonRetryableError } from '@edge-task-queue/runner';
import { z } from 'zod';

export default defineTask({
  type: 'word-count',
  // 'cpu': each task has its own thread. 'io': tasks that mostly wait share one thread.
  lane: 'cpu',
  // Checked before the task runs.
  payload: z.object({ text: z.string() }),
  timeoutSeconds: 60,
  run({ text }, { progress }) {
    if (text === '') throw new NonRetryableError('Nothing to count');
    const words = text.trim().split(/\s+/).length;
    progress({ words });
    return { words };
  },
});
