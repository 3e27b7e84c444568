import type { NewTask } from '../contract/ledger/tasks.ts';
import { newTasks, QueueMessage } from '../contract/submission.ts';
import { insertTasks } from '../platform/ledger.ts';
import { logOf, shown } from '../platform/log.ts';
import type { BufferEnv } from './env.ts';

/** While the ledger is full, messages wait until ended tasks are archived. */
const RETRY_WHEN_FULL_SECONDS = 60;

/**
 * Inserts a batch of the queue into the ledger: all messages together, or one by one if that fails. A message is
 * acknowledged once its tasks are in the ledger. Otherwise the queue delivers it again.
 */
export async function intake(batch: MessageBatch, env: BufferEnv): Promise<void> {
  const log = logOf(env);
  const messages = batch.messages.flatMap((message) => {
    try {
      const { first, ...slice } = QueueMessage.parse(message.body);
      return { message, tasks: newTasks(slice, first) };
    } catch (error) {
      log.error('A queue message is not a valid submission', { messageId: message.id, error });
      retry(message);
      return [];
    }
  });
  try {
    const { full } = await insertTasks(
      env,
      messages.flatMap(({ tasks }) => tasks),
    );
    for (const { message } of messages) acknowledge(message, full);
  } catch (error) {
    log.warn('A batch could not be inserted, so its messages are inserted one by one', {
      messages: messages.length,
      error,
    });
    await Promise.all(messages.map(({ message, tasks }) => intakeOne(env, message, tasks)));
  }
}

async function intakeOne(env: BufferEnv, message: Message, tasks: NewTask[]): Promise<void> {
  try {
    const { full } = await insertTasks(env, tasks);
    acknowledge(message, full);
  } catch (error) {
    const taskIds = shown(tasks.map(({ id }) => id));
    logOf(env).error('A queue message could not be inserted', { messageId: message.id, taskIds, error });
    retry(message);
  }
}

/** Waits longer after each delivery, because the next one may fail for the same reason. */
function retry(message: Message): void {
  message.retry({ delaySeconds: Math.min(2 ** message.attempts, RETRY_WHEN_FULL_SECONDS) });
}

function acknowledge(message: Message, full: boolean): void {
  if (full) message.retry({ delaySeconds: RETRY_WHEN_FULL_SECONDS });
  else message.ack();
}
