import type { AcceptedTask, QueueMessage } from '../contract/submission.ts';

/** A message holds this much, or one task, so that it stays below the 128 KB that Queues take. */
const MESSAGE_BYTES = 96 * 1024;
/** Queues take at most 256 KB and 100 messages at once. */
const SEND_BYTES = 240 * 1024;
const SEND_MESSAGES = 100;

/** A task and the bytes of its JSON text. */
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
  return chunks(sized, MESSAGE_BYTES, sized.length).map((chunk) => {
    const message = { submission, first, tasks: chunk.map(({ task }) => task) };
    first += chunk.length;
    return { message, bytes: chunk.reduce((sum, { bytes }) => sum + bytes, 0) };
  });
}

/** Groups messages so that each group can be sent at once. */
export function sendGroups(messages: readonly SizedMessage[]): SizedMessage[][] {
  return chunks(messages, SEND_BYTES, SEND_MESSAGES);
}

function chunks<Item extends { bytes: number }>(items: readonly Item[], maxBytes: number, maxItems: number) {
  const result: Item[][] = [];
  let chunk: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    if (chunk.length > 0 && (chunk.length === maxItems || bytes + item.bytes > maxBytes)) {
      result.push(chunk);
      chunk = [];
      bytes = 0;
    }
    chunk.push(item);
    bytes += item.bytes;
  }
  return chunk.length === 0 ? result : [...result, chunk];
}
