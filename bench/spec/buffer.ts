/**
 * The Consumer Worker of the specification's design. KV is the buffer. A claim reads a task, checks that it is
 * ready, and writes it back as processing. Nothing prevents another claim from doing the same at the same time.
 */
import { Hono } from 'hono';
import type { BufferedTask, QueuedTask, StoredTask } from './task.ts';

export interface SpecBufferEnv {
  TASK_BUFFER: KVNamespace;
  TASK_STORAGE: KVNamespace;
}

/** One `get` of KV takes this many keys. */
const MAX_KEYS = 100;

const app = new Hono<{ Bindings: SpecBufferEnv }>();

app.get('/tasks/ready', async (c) => {
  const tasks = (await readAll(c.env.TASK_BUFFER)).filter(({ status }) => status === 'ready');
  return c.json({ tasks, count: tasks.length, timestamp: new Date().toISOString() });
});

app.post('/tasks/:id/claim', async (c) => {
  const taskId = c.req.param('id');
  const task = await c.env.TASK_BUFFER.get<BufferedTask>(taskId, 'json');
  if (!task) return c.json({ error: 'Task not found', taskId }, 404);
  if (task.status !== 'ready') {
    return c.json({ error: 'Task not available', taskId, currentStatus: task.status }, 409);
  }
  const claimed: BufferedTask = { ...task, status: 'processing', claimedAt: new Date().toISOString() };
  const { id, type, payload, createdAt } = task;
  const stored: StoredTask = { id, type, payload, createdAt, status: 'processing' };
  await Promise.all([
    c.env.TASK_BUFFER.put(taskId, JSON.stringify(claimed)),
    c.env.TASK_STORAGE.put(taskId, JSON.stringify(stored)),
  ]);
  return c.json({ success: true, task: claimed, message: 'Task claimed successfully' });
});

app.post('/tasks/:id/complete', async (c) => {
  const taskId = c.req.param('id');
  await c.env.TASK_BUFFER.delete(taskId);
  return c.json({ success: true, message: 'Task removed from buffer', taskId });
});

async function readAll(buffer: KVNamespace): Promise<BufferedTask[]> {
  const tasks: BufferedTask[] = [];
  let cursor: string | undefined;
  do {
    const page: KVNamespaceListResult<unknown> = await buffer.list(cursor === undefined ? {} : { cursor });
    const keys = page.keys.map(({ name }) => name);
    for (let from = 0; from < keys.length; from += MAX_KEYS) {
      const found = await buffer.get<BufferedTask>(keys.slice(from, from + MAX_KEYS), 'json');
      for (const task of found.values()) if (task) tasks.push(task);
    }
    cursor = page.list_complete ? undefined : page.cursor;
  } while (cursor !== undefined);
  return tasks;
}

async function take(env: SpecBufferEnv, message: Message<QueuedTask>): Promise<void> {
  const { id, type, payload, createdAt } = message.body;
  const receivedAt = new Date().toISOString();
  const task: BufferedTask = { id, type, payload, createdAt, receivedAt, status: 'ready' };
  await env.TASK_BUFFER.put(id, JSON.stringify(task));
  message.ack();
}

export default {
  fetch: app.fetch,
  async queue(batch, env) {
    await Promise.all(batch.messages.map((message) => take(env, message)));
  },
} satisfies ExportedHandler<SpecBufferEnv, QueuedTask>;
