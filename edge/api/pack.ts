import type { AcceptedTask, QueueMessage } from '../contract/submission.ts';
import { chunks } from '../http/chunks.ts';

/** A message holds this much, or one task, so that it stays below the 128 KB that Queues take. */
const MESSAGE_BYTES = 96 * 1024;
/** What a message's envelope takes, at most. */
const ENVELOPE_BYTES = 200;
/** Queues take at most 256 KB and 100 messages at once. */
const SEND_BYTES = 240_000;
const SEND_MESSAGES = 100;

/** A task and the bytes that it takes in JSON text, the comma after it included. */
export interface SizedTask {
  task: AcceptedTask;
  bytes: number;
}

export interface SizedMessage {
  message: QueueMessage;
  bytes: number;
}

/** Packs a submission's tasks, in their order, into as few queue messages as hold them. */
export function packMessages(submission: string, sized: readonly SizedTask[]): SizedMessage[] {
  let first = 0;
  return chunks(sized, MESSAGE_BYTES).map((chunk) => {
    const message = { submission, first, tasks: chunk.map(({ task }) => task) };
    first += chunk.length;
    return { message, bytes: chunk.reduce((sum, { bytes }) => sum + bytes, ENVELOPE_BYTES) };
  });
}

/** Groups messages so that each group can be sent at once. */
export function sendGroups(messages: readonly SizedMessage[]): SizedMessage[][] {
  return chunks(messages, SEND_BYTES, SEND_MESSAGES);
}
