import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AcceptedTask, QueueMessage, recordKey } from './submission.ts';
import { newSubmission } from './task-id.ts';

const WINDOW_MS = 65_536;
const WINDOW_START = 27_000_000 * WINDOW_MS;

const keyAt = (ms: number) => recordKey(newSubmission(ms, 0, Uint8Array.from([1, 2, 3, 4, 5, 6])));
const prefixOf = (key: string) => key.slice(0, 'task:'.length + 8);

test('a key contains the inverted time and the name of the submission', () => {
  const submission = newSubmission(WINDOW_START, 0, new Uint8Array(6));
  const key = recordKey(submission);
  assert.match(key, /^task:[0-9a-f]{12}:/);
  const inverted = Number.parseInt(key.slice(5, 17), 16);
  assert.equal(2 ** 48 - 1 - inverted, WINDOW_START);
  assert.equal(key.slice(18), submission);
});

test('an ascending list of keys is newest first', () => {
  const times = [0, 1, 999, WINDOW_START, WINDOW_START + 1, WINDOW_START + WINDOW_MS, 2 ** 48 - 1];
  const keys = times.map(keyAt);
  assert.deepEqual(keys.toSorted(), keys.toReversed());
});

test('the keys of one window share their first eight hex digits, and no other window has them', () => {
  const first = prefixOf(keyAt(WINDOW_START));
  assert.equal(prefixOf(keyAt(WINDOW_START + WINDOW_MS - 1)), first);
  assert.notEqual(prefixOf(keyAt(WINDOW_START - 1)), first);
  assert.notEqual(prefixOf(keyAt(WINDOW_START + WINDOW_MS)), first);
});

test('the longest key is shorter than the 512 bytes that KV allows', () => {
  assert.ok(keyAt(2 ** 48 - 1).length < 512);
});

test('a queue message without tasks or with an invalid submission is not accepted', () => {
  const submission = newSubmission(WINDOW_START, 0, new Uint8Array(6));
  const tasks = [{ type: 'a', payload: null, priority: 0 }];
  assert.ok(QueueMessage.safeParse({ submission, first: 0, tasks }).success);
  assert.equal(QueueMessage.safeParse({ submission, first: 0, tasks: [] }).success, false);
  assert.equal(QueueMessage.safeParse({ submission: 'short', first: 0, tasks }).success, false);
  assert.equal(QueueMessage.safeParse({ submission, first: -1, tasks }).success, false);
  assert.equal(QueueMessage.safeParse('hello').success, false);
});

test('an accepted task does not change when it is written as JSON and read again', () => {
  const task = {
    type: 'a',
    payload: { deep: [1, null, 'é'] },
    priority: -5,
    runAtMs: WINDOW_START,
    maxAttempts: 7,
    backoff: { baseSeconds: 2 },
    timeoutSeconds: 0.5,
    tags: ['x'],
  };
  assert.deepEqual(AcceptedTask.parse(JSON.parse(JSON.stringify(task))), task);
});
