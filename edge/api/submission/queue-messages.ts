import { split } from '../../contract/parts.ts';
import type { AcceptedTask, QueueMessage } from '../../contract/submission.ts';

/** Queues bill a message in units of 64,000 bytes, including about 100 bytes of overhead per message. */
const UNIT_BYTES = 63_800;
/** A message is one or two units. Three would be more than the 128 KB that Queues accept. */
const MESSAGE_BYTES = 2 * UNIT_BYTES;
/** Maximum size of a message's envelope. */
const ENVELOPE_BYTES = 200;
/** Queues accept at most 256 KB and 100 messages at once. */
const SEND_BYTES = 2 * MESSAGE_BYTES;
const SEND_MESSAGES = 100;

/** A task and its size in JSON text, including the comma after it. */
export interface SizedTask {
  task: AcceptedTask;
  bytes: number;
}

export interface SizedMessage {
  message: QueueMessage;
  bytes: number;
}

/**
 * Packs a submission's tasks in order into messages that together cost the fewest units. Among these ways it uses
 * the fewest messages. Every task fits into a message, because a large payload stays in the record.
 */
export function packMessages(submission: string, sized: readonly SizedTask[]): SizedMessage[] {
  const sums = [0];
  for (const { bytes } of sized) sums.push((sums.at(-1) ?? 0) + bytes);
  return cheapestCuts(sums).map(([first, end]) => ({
    message: { submission, first, tasks: sized.slice(first, end).map(({ task }) => task) },
    bytes: ENVELOPE_BYTES + bytesBetween(sums, first, end),
  }));
}

/** Groups messages so that each group can be sent at once. */
export function sendGroups(messages: readonly SizedMessage[]): SizedMessage[][] {
  return split(messages, ({ bytes }) => bytes, { size: SEND_BYTES, items: SEND_MESSAGES });
}

type Range = [first: number, end: number];

function bytesBetween(sums: readonly number[], first: number, end: number): number {
  return (sums[end] ?? 0) - (sums[first] ?? 0);
}

/** The cheapest way to pack the tasks before an index: its cost, and the first task of its last message. */
interface Packing {
  units: number;
  messages: number;
  first: number;
}

/**
 * Dynamic programming over the ends of messages. More tasks never cost less, so the last message of each size
 * (one unit or two) begins as early as the size allows.
 */
function cheapestCuts(sums: readonly number[]): Range[] {
  const packings: Packing[] = [{ units: 0, messages: 0, first: 0 }];
  const firsts = [0, 0];
  for (let end = 1; end < sums.length; end += 1) {
    const candidates = [UNIT_BYTES, MESSAGE_BYTES].map((limit, size): Packing => {
      let first = firsts[size] ?? 0;
      while (first < end - 1 && ENVELOPE_BYTES + bytesBetween(sums, first, end) > limit) first += 1;
      firsts[size] = first;
      const before = packings[first];
      const own = Math.ceil((ENVELOPE_BYTES + bytesBetween(sums, first, end)) / UNIT_BYTES);
      return { units: (before?.units ?? 0) + own, messages: (before?.messages ?? 0) + 1, first };
    });
    packings.push(candidates.reduce((a, b) => (cost(b) < cost(a) ? b : a)));
  }
  const ranges: Range[] = [];
  for (let end = packings.length - 1; end > 0; end = ranges[0]?.[0] ?? 0) {
    ranges.unshift([packings[end]?.first ?? 0, end]);
  }
  return ranges;
}

/** Fewer units cost less, then fewer messages. A submission has far fewer than 10,000 messages. */
function cost({ units, messages }: Packing): number {
  return units * 10_000 + messages;
}
