/**
 * The API Worker of the specification's design. KV stores the status of a task, and the queue carries the task.
 */
import { Hono } from 'hono';
import { z } from 'zod';
import type { QueuedTask, StoredTask } from './task.ts';

export interface SpecApiEnv {
  TASK_STORAGE: KVNamespace;
  TASK_QUEUE: Queue<QueuedTask>;
}

const Submission = z.object({ type: z.string(), payload: z.unknown() });
const Report = z.object({ success: z.boolean() });

const app = new Hono<{ Bindings: SpecApiEnv }>();

app.post('/tasks', async (c) => {
  const { type, payload } = Submission.parse(await c.req.json());
  const task: QueuedTask = { id: crypto.randomUUID(), type, payload, createdAt: new Date().toISOString() };
  await write(c.env, { ...task, status: 'pending' });
  await c.env.TASK_QUEUE.send(task);
  return c.json({
    success: true,
    taskId: task.id,
    status: 'pending',
    message: 'Task queued successfully',
  });
});

app.get('/tasks/:id/status', async (c) => {
  const task = await c.env.TASK_STORAGE.get<StoredTask>(c.req.param('id'), 'json');
  if (!task) return c.json({ error: 'Task not found' }, 404);
  const { id: taskId, status, type, createdAt, completedAt } = task;
  return c.json({ taskId, status, type, createdAt, completedAt });
});

app.post('/tasks/:id/complete', async (c) => {
  const { success } = Report.parse(await c.req.json());
  const task = await c.env.TASK_STORAGE.get<StoredTask>(c.req.param('id'), 'json');
  if (!task) return c.json({ error: 'Task not found' }, 404);
  const status = success ? 'completed' : 'failed';
  await write(c.env, { ...task, status, completedAt: new Date().toISOString() });
  return c.json({ success: true, message: `Task marked as ${status}`, taskId: task.id, status });
});

async function write(env: SpecApiEnv, task: StoredTask): Promise<void> {
  await env.TASK_STORAGE.put(task.id, JSON.stringify(task));
}

export default { fetch: app.fetch } satisfies ExportedHandler<SpecApiEnv>;
