import type { NewTask } from '../contract/ledger.ts';
import { QueueMessage } from '../contract/submission.ts';
import { taskIdAt } from '../contract/task-id.ts';
import { ledgerOf } from '../http/ledger.ts';
import type { BufferEnv } from './env.ts';

/**
 * Takes a batch from the queue into the ledger: in one transaction, or message by message where that
 * fails. A message is acknowledged once its tasks are in the ledger; any other is delivered again.
 */
export async function intake(batch: MessageBatch, env: BufferEnv): Promise<void> {
  const messages = batch.messages.flatMap((message) => {
    try {
      return { message, tasks: newTasks(QueueMessage.parse(message.body)) };
    } catch (error) {
      console.error('A queue message has not the form of a submission', message.id, error);
      message.retry();
      return [];
    }
  });
  try {
    await ledgerOf(env).insert(messages.flatMap(({ tasks }) => tasks));
    for (const { message } of messages) message.ack();
  } catch (error) {
    console.warn('A batch could not be inserted at once; inserting message by message', error);
    await Promise.all(messages.map(({ message, tasks }) => intakeOne(env, message, tasks)));
  }
}

async function intakeOne(env: BufferEnv, message: Message, tasks: NewTask[]): Promise<void> {
  try {
    await ledgerOf(env).insert(tasks);
    message.ack();
  } catch (error) {
    console.error('A queue message could not be inserted', message.id, error);
    message.retry();
  }
}

function newTasks({ submission, first, tasks }: QueueMessage): NewTask[] {
  return tasks.map(({ payload, runAtMs, ...task }, index) => ({
    ...task,
    id: taskIdAt(submission, first + index),
    payload: JSON.stringify(payload),
    runAt: runAtMs,
  }));
}
