import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_INLINE_BYTES } from '../../contract/limits.ts';
import { newSubmission } from '../../contract/task-id.ts';
import { byteLength } from '../../contract/text.ts';
import { packMessages, type SizedTask, sendGroups } from './queue-messages.ts';

const SUBMISSION = newSubmission(Date.UTC(2026, 0, 1), 0, new Uint8Array(6));

/** For Queues, a KB has 1,000 bytes, and each message has up to 100 bytes of overhead. */
const MESSAGE_LIMIT = 128_000 - 100;
const SEND_LIMIT = 256_000;
const OWN_BYTES = 100;

function sized(payload: unknown, options: { type?: string; tags?: string[] } = {}): SizedTask {
  const task = { type: 'a', priority: 0, ...options, payload };
  return { task, bytes: byteLength(JSON.stringify(task)) + 1 };
}

const textOfBytes = (bytes: number) => 'x'.repeat(bytes - 2);
const many = (count: number, payload: unknown) => Array.from({ length: count }, () => sized(payload));
const wireBytes = (message: unknown) => byteLength(JSON.stringify(message));

test('a small submission is one message', () => {
  const messages = packMessages(SUBMISSION, many(10, { n: 1 }));
  assert.equal(messages.length, 1);
  assert.equal(messages[0]?.message.tasks.length, 10);
  assert.equal(messages[0]?.message.first, 0);
});

test('the messages of a submission contain each task once, in order, and the index of their first task', () => {
  const tasks = Array.from({ length: 1000 }, (_, index) => sized({ index, fill: 'x'.repeat(index) }));
  const messages = packMessages(SUBMISSION, tasks).map(({ message }) => message);
  assert.ok(messages.length > 1);
  const placed = messages.flatMap(({ first, tasks }) => tasks.map((task, place) => [first + place, task]));
  assert.deepEqual(
    placed,
    tasks.map(({ task }, index) => [index, task]),
  );
});

test('a task of the maximum size gets a separate message that a queue accepts', () => {
  const options = { type: 'a'.repeat(100), tags: Array<string>(10).fill('\u0001'.repeat(64)) };
  const largest = sized(textOfBytes(MAX_INLINE_BYTES), options);
  const messages = packMessages(SUBMISSION, [largest, largest, largest]);
  assert.deepEqual(
    messages.map(({ message }) => [message.first, message.tasks.length]),
    [
      [0, 1],
      [1, 1],
      [2, 1],
    ],
  );
  for (const { message } of messages) assert.ok(wireBytes(message) <= MESSAGE_LIMIT);
});

for (const payloadBytes of [2, 80, 220, 500, 1000, 10_000, 40_000, 60_000, MAX_INLINE_BYTES]) {
  test(`messages and groups of 1,000 tasks of ${payloadBytes} bytes stay within the limits of a queue`, () => {
    const messages = packMessages(SUBMISSION, many(1000, textOfBytes(payloadBytes)));
    const largest = Math.max(...messages.map(({ message }) => wireBytes(message)));
    assert.ok(largest <= MESSAGE_LIMIT, `A message has ${largest} bytes`);
    for (const group of sendGroups(messages)) {
      const bytes = group.reduce((sum, { message }) => sum + wireBytes(message) + OWN_BYTES, 0);
      assert.ok(bytes <= SEND_LIMIT, `A group has ${bytes} bytes`);
      assert.ok(group.length <= 100);
    }
  });
}

/** Queues bill a unit for each 64,000 bytes of a message, including about 100 bytes of overhead. */
const billedUnits = (messages: readonly { message: unknown }[]) =>
  messages.reduce((sum, { message }) => sum + Math.ceil((wireBytes(message) + OWN_BYTES) / 64_000), 0);

for (const [count, payloadBytes, units] of [
  [100, 1000, 2],
  [1000, 1000, 17],
  [1000, 200, 4],
  [60, 1000, 1],
  [3, 40_000, 2],
  [10, 63_000, 10],
  [4, 80_000, 8],
] as const) {
  test(`${count} tasks of ${payloadBytes} bytes cost ${units} units`, () => {
    const messages = packMessages(SUBMISSION, many(count, textOfBytes(payloadBytes)));
    assert.equal(billedUnits(messages), units);
  });
}

/** The fewest units for tasks in this order: the cheapest of all ways to split them into messages. */
function fewestUnits(sizes: readonly number[]): number {
  const fewest = [0];
  for (let end = 1; end <= sizes.length; end += 1) {
    let bytes = 200;
    let best = Number.POSITIVE_INFINITY;
    for (let first = end - 1; first >= 0 && bytes + (sizes[first] ?? 0) <= 127_600; first -= 1) {
      bytes += sizes[first] ?? 0;
      best = Math.min(best, (fewest[first] ?? 0) + Math.ceil(bytes / 63_800));
    }
    fewest.push(best);
  }
  return fewest.at(-1) ?? 0;
}

test('tasks of mixed sizes are split in a way that costs the fewest units', () => {
  let seed = 1;
  const next = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let round = 0; round < 300; round += 1) {
    const largest = [500, 5000, 60_000, 98_000][round % 4] ?? 0;
    const tasks = Array.from({ length: 1 + next(60) }, () => ({ ...sized(1), bytes: 60 + next(largest) }));
    const units = packMessages(SUBMISSION, tasks).reduce(
      (sum, { bytes }) => sum + Math.ceil(bytes / 63_800),
      0,
    );
    assert.equal(units, fewestUnits(tasks.map(({ bytes }) => bytes)));
  }
});

test('groups contain every message once, in order', () => {
  const messages = packMessages(SUBMISSION, many(50, textOfBytes(50_000)));
  assert.deepEqual(sendGroups(messages).flat(), messages);
});

test('at most 100 messages are sent at once', () => {
  const [one] = packMessages(SUBMISSION, [sized(1)]);
  assert.ok(one);
  const groups = sendGroups(Array(250).fill(one));
  assert.deepEqual(
    groups.map((group) => group.length),
    [100, 100, 50],
  );
});
