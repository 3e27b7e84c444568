import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_INLINE_BYTES } from '../contract/limits.ts';
import { newSubmission } from '../contract/task-id.ts';
import { byteLength } from '../contract/text.ts';
import { packMessages, type SizedTask, sendGroups } from './pack.ts';

const SUBMISSION = newSubmission(Date.UTC(2026, 0, 1), 0, new Uint8Array(6));

/** Queues count 1,000 bytes as a KB, and up to 100 bytes of their own a message. */
const MESSAGE_LIMIT = 128_000 - 100;
const SEND_LIMIT = 256_000;
const OWN_BYTES = 100;

function sized(payload: unknown, options: { type?: string; tags?: string[] } = {}): SizedTask {
  const accepted = { type: 'a', priority: 0, ...options };
  const bytes = byteLength(JSON.stringify(payload)) + byteLength(JSON.stringify(accepted));
  return { task: { ...accepted, payload }, bytes };
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

test('the messages of a submission carry its tasks once each, in order, from the index they say', () => {
  const tasks = Array.from({ length: 1000 }, (_, index) => sized({ index, fill: 'x'.repeat(index) }));
  const messages = packMessages(SUBMISSION, tasks).map(({ message }) => message);
  assert.ok(messages.length > 1);
  const placed = messages.flatMap(({ first, tasks }) => tasks.map((task, place) => [first + place, task]));
  assert.deepEqual(
    placed,
    tasks.map(({ task }, index) => [index, task]),
  );
});

test('a task of the greatest size has a message of its own that a queue takes', () => {
  const options = { type: 'a'.repeat(100), tags: Array<string>(10).fill('\u0001'.repeat(64)) };
  const largest = sized(textOfBytes(MAX_INLINE_BYTES), options);
  const messages = packMessages(SUBMISSION, [sized(1), largest, sized(2)]);
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
  test(`messages and groups of 1,000 tasks of ${payloadBytes} bytes stay within what a queue takes`, () => {
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

test('groups hold every message once, in order', () => {
  const messages = packMessages(SUBMISSION, many(50, textOfBytes(50_000)));
  assert.deepEqual(sendGroups(messages).flat(), messages);
});

test('no more than 100 messages are sent at once', () => {
  const [one] = packMessages(SUBMISSION, [sized(1)]);
  assert.ok(one);
  const groups = sendGroups(Array(250).fill(one));
  assert.deepEqual(
    groups.map((group) => group.length),
    [100, 100, 50],
  );
});
