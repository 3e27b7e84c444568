import * as z from 'zod';
import type { NewTask, RefusedTask } from '../contract/ledger/tasks.ts';
import { MAX_BATCH_TASKS } from '../contract/limits.ts';
import { AcceptedTask, newTasks, QueueMessage } from '../contract/submission.ts';
import { CURRENT_SHARD, submissionFrom, taskIdAt } from '../contract/task-id.ts';
import { insertTasks, ledgerOf } from '../platform/ledger.ts';
import { logOf, shown } from '../platform/log.ts';
import type { BufferEnv } from './env.ts';

/** A message whose tasks are not validated. */
const Envelope = QueueMessage.extend({ tasks: z.array(z.unknown()).min(1).max(MAX_BATCH_TASKS) });

/**
 * Inserts the tasks of dead letters into the ledger. Valid tasks become ready. Invalid tasks are recorded as
 * failed with the reason, so that people see them. Nothing is dropped.
 */
export async function takeDeadLetters(batch: MessageBatch, env: BufferEnv): Promise<void> {
  for (const message of batch.messages) {
    try {
      await revive(message, env);
      message.ack();
    } catch (error) {
      logOf(env).error('A dead letter could not be inserted, so it stays in its queue', {
        messageId: message.id,
        error,
      });
      message.retry({ delaySeconds: 60 });
    }
  }
}

async function revive(message: Message, env: BufferEnv): Promise<void> {
  const { readable, refused } = await sort(message);
  const isFull = (await ledgerOf(env).capacity()).full || (await insertTasks(env, readable)).full;
  if (isFull) throw new Error('The ledger is full');
  const failed: string[] = [];
  for (const task of refused) failed.push(await record(env, task));
  logOf(env).warn('A dead letter was inserted; its invalid tasks are recorded as failed', {
    messageId: message.id,
    taskIds: shown(readable.map(({ id }) => id)),
    failedTaskIds: shown(failed),
  });
}

async function sort(message: Message): Promise<{ readable: NewTask[]; refused: RefusedTask[] }> {
  const envelope = Envelope.safeParse(message.body);
  if (!envelope.success) return { readable: [], refused: [await foreignMessage(message)] };
  const { submission, first, tasks } = envelope.data;
  const readable: NewTask[] = [];
  const refused: RefusedTask[] = [];
  tasks.forEach((value, index) => {
    const task = AcceptedTask.safeParse(value);
    if (task.success) readable.push(...newTasks({ submission, tasks: [task.data] }, first + index));
    else
      refused.push({
        id: taskIdAt(submission, first + index),
        ...refusal(value, z.prettifyError(task.error)),
      });
  });
  return { readable, refused };
}

/** Records a task as failed and returns its id. If the task's window is closed, it gets a new id. */
async function record(env: BufferEnv, task: RefusedTask): Promise<string> {
  const ledger = ledgerOf(env);
  const closed = 'sealed' in (await ledger.find(task.id));
  const id = closed ? await idOf(task.id, Date.now()) : task.id;
  await ledger.insertFailed({ ...task, id });
  return id;
}

/** A message that is not a submission becomes one failed task. Its id is the same at each delivery. */
async function foreignMessage(message: Message): Promise<RefusedTask> {
  const id = await idOf(message.id, message.timestamp.getTime());
  return { id, ...refusal(message.body, 'The message is not a valid submission') };
}

async function idOf(source: string, createdAtMs: number): Promise<string> {
  return taskIdAt(await submissionFrom(source, createdAtMs, CURRENT_SHARD), 0);
}

function refusal(value: unknown, reason: string): Omit<RefusedTask, 'id'> {
  return { type: 'invalid', payload: textOf(value), reason };
}

/** A body as JSON text. The body of a queue message may be a value that JSON cannot represent. */
function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch {
    return JSON.stringify(String(value));
  }
}
