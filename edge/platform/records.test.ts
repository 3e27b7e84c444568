import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NewTask } from '../contract/ledger/tasks.ts';
import { MAX_INLINE_BYTES } from '../contract/limits.ts';
import type { AcceptedTask } from '../contract/submission.ts';
import { newSubmission, taskIdAt } from '../contract/task-id.ts';
import { byteLength } from '../contract/text.ts';
import { OneAtATime } from './one-at-a-time.ts';
import { withPayloads } from './payloads.ts';
import { recordText } from './record-text.ts';
import { type RecordQuery, type RecordRead, readTasks, UnreadableRecord } from './records.ts';

const SUBMISSION = newSubmission(Date.UTC(2026, 0, 1), 0, new Uint8Array(6));
const PIECE_BYTES = 64 * 1024;
const LARGE = 'é'.repeat(MAX_INLINE_BYTES);

/** The stored record of a submission. */
function recordOf(...tasks: AcceptedTask[]) {
  const stored = tasks.map(({ payload: value, ...options }) => {
    const payload = JSON.stringify(value);
    const payloadBytes = byteLength(payload);
    const isLarge = payloadBytes > MAX_INLINE_BYTES;
    return { options: isLarge ? { ...options, bodyBytes: payloadBytes } : options, payload, payloadBytes };
  });
  return recordText(SUBMISSION, stored);
}

/** A record in the format of version 0.1.0. */
const oldText = (...tasks: AcceptedTask[]) => JSON.stringify({ submission: SUBMISSION, tasks });

/** KV with one value. `pulled` is the number of bytes that were read. */
function storageOf(text: string, metadata: unknown = null) {
  const bytes = new TextEncoder().encode(text);
  const state = { pulled: 0, cancelled: false };
  const getWithMetadata = async () => ({
    value: new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (state.pulled >= bytes.length) return controller.close();
          controller.enqueue(bytes.slice(state.pulled, state.pulled + PIECE_BYTES));
          state.pulled += PIECE_BYTES;
        },
        cancel() {
          state.cancelled = true;
        },
      },
      { highWaterMark: 0 },
    ),
    metadata,
  });
  return { getWithMetadata, state };
}

async function tasksOf(text: string, query: RecordQuery = { payloads: 'all' }): Promise<NewTask[]> {
  const read = await readTasks(storageOf(text), SUBMISSION, query);
  assert.ok('tasks' in read);
  return read.tasks;
}

const payloads = (tasks: readonly NewTask[]) => tasks.map(({ payload }) => payload);

describe('a record', () => {
  const tasks: AcceptedTask[] = [
    {
      type: 'a',
      payload: { text: 'line\nbreak', emoji: '😀', separators: '\u2028\u0000' },
      priority: 0,
      tags: ['x'],
    },
    { type: 'b', payload: LARGE, priority: 3 },
    { type: 'c', payload: null, priority: 0, maxAttempts: 2 },
    { type: 'd', payload: {}, priority: 0 },
  ];

  test('contains the tasks without their payloads, then one payload on each line', () => {
    const { text } = recordOf(...tasks);
    const [header = '', ...lines] = text.split('\n');
    assert.deepEqual(JSON.parse(header), {
      format: 2,
      submission: SUBMISSION,
      tasks: [
        { type: 'a', priority: 0, tags: ['x'] },
        { type: 'b', priority: 3, bodyBytes: byteLength(LARGE) + 2 },
        { type: 'c', maxAttempts: 2, priority: 0 },
        { type: 'd', priority: 0 },
      ],
    });
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      tasks.map(({ payload }) => payload),
    );
  });

  test('has the size that its metadata contains', () => {
    const { text, bytes } = recordOf(...tasks);
    assert.equal(bytes, byteLength(text));
  });

  for (const [format, textOf] of [
    ['of the current version', (...own: AcceptedTask[]) => recordOf(...own).text],
    ['of version 0.1.0', oldText],
  ] as const) {
    test(`${format} returns all tasks as they were accepted, and large payloads only on request`, async () => {
      const texts = tasks.map(({ payload }) => JSON.stringify(payload));
      const found = await tasksOf(textOf(...tasks));
      assert.deepEqual(payloads(found), texts);
      const inline = await tasksOf(textOf(...tasks), { payloads: 'inline' });
      assert.deepEqual(
        payloads(inline),
        texts.with(1, '').map((text) => text || null),
      );
      assert.deepEqual(
        inline.map(({ id, type, bodyBytes, priority }) => ({ id, type, bodyBytes, priority })),
        tasks.map(({ type, priority }, index) => {
          const bodyBytes = index === 1 ? byteLength(LARGE) + 2 : undefined;
          return { id: taskIdAt(SUBMISSION, index), type, bodyBytes, priority };
        }),
      );
    });

    test(`${format} returns single tasks by their indexes, and skips indexes that it does not have`, async () => {
      const found = await tasksOf(textOf(...tasks), { indexes: [1, 3, 4, 60_000], payloads: 'all' });
      assert.deepEqual(
        found.map(({ id, payload }) => [id, payload]),
        [
          [taskIdAt(SUBMISSION, 1), JSON.stringify(LARGE)],
          [taskIdAt(SUBMISSION, 3), '{}'],
        ],
      );
    });
  }

  for (const [name, damage] of [
    ['that is empty', () => ''],
    ['that is not JSON', () => '{"submission"'],
    ['with other fields', () => '{"tasks":1}'],
    ['of an unknown format', (text: string) => text.replace('"format":2', '"format":3')],
    ['that lacks payloads', (text: string) => text.split('\n').slice(0, 2).join('\n')],
    ['whose large payload is incomplete', (text: string) => text.replace('éé', 'é')],
  ] as const) {
    test(`${name} is unreadable`, async () => {
      await assert.rejects(tasksOf(damage(recordOf(...tasks).text)), UnreadableRecord);
    });
  }
});

describe('a large record', () => {
  const filler = Array.from({ length: 99 }, () => ({ type: 'filler', payload: LARGE, priority: 0 }));
  const { text, bytes } = recordOf({ type: 'first', payload: LARGE, priority: 0 }, ...filler);
  const metadata = { tasks: 100, bytes };

  test('is read only up to the last requested payload', async () => {
    const { state, ...storage } = storageOf(text, metadata);
    const read = await readTasks(storage, SUBMISSION, { indexes: [0], payloads: 'all' });
    assert.ok('tasks' in read && read.tasks.length === 1);
    assert.ok(read.bytes <= state.pulled && state.pulled < 2 * byteLength(LARGE) + 2 * PIECE_BYTES);
    assert.ok(state.cancelled);
  });

  test('is read only up to its first line for the options of a task', async () => {
    const { state, ...storage } = storageOf(text, metadata);
    const read = await readTasks(storage, SUBMISSION, { indexes: [99], payloads: 'none' });
    assert.ok('tasks' in read && read.tasks[0]?.type === 'filler');
    assert.ok(state.pulled <= PIECE_BYTES);
  });

  test('is not read at all for a task that it does not have', async () => {
    const { state, ...storage } = storageOf(text, metadata);
    const read = await readTasks(storage, SUBMISSION, { indexes: [100], payloads: 'all' });
    assert.deepEqual(
      [read, state],
      [
        { tasks: [], bytes: 0 },
        { pulled: 0, cancelled: true },
      ],
    );
  });

  /** A gate that is never open. */
  function closedGate() {
    const gate = new OneAtATime({ now: Date.now, wait: () => new Promise(setImmediate) });
    const held = Promise.withResolvers<void>();
    void gate.run(() => held.promise);
    return { gate, open: held.resolve };
  }

  test('waits for the gate, but a small record does not', async () => {
    const { gate, open } = closedGate();
    const query: RecordQuery = { payloads: 'all', gate, maxWaitMs: 1 };
    const { state, ...storage } = storageOf(text, metadata);
    assert.deepEqual(await readTasks(storage, SUBMISSION, query), { busy: true });
    assert.deepEqual(state, { pulled: 0, cancelled: true });
    const small = recordOf({ type: 'small', payload: 1, priority: 0 });
    const known = storageOf(small.text, { tasks: 1, bytes: small.bytes });
    const unknown = storageOf(small.text, { tasks: 1 });
    assert.ok('tasks' in (await readTasks(known, SUBMISSION, query)));
    assert.ok(
      'busy' in (await readTasks(unknown, SUBMISSION, query)),
      'A record of unknown size may be large',
    );
    open();
    await new Promise(setImmediate);
    const read = await readTasks(storageOf(text, metadata), SUBMISSION, query);
    assert.ok('tasks' in read && read.tasks.length === 100);
  });

  test('is not read once the budget of the call is used up', async () => {
    const row = (index: number, submission = SUBMISSION) => ({
      id: taskIdAt(submission, index),
      type: 'first',
      state: 'leased' as const,
      payload: null,
      receivedAt: 0,
      claimedAt: 0,
      attempt: 1,
      maxAttempts: 3,
      timeoutSeconds: null,
      priority: 0,
    });
    const other = newSubmission(Date.UTC(2026, 0, 2), 0, new Uint8Array(6));
    const spent: number[] = [];
    const budget = {
      remainingMs: () => (spent.length === 0 ? 1000 : 0),
      spend: (one: number) => spent.push(one),
    };
    const storage = storageOf(text, metadata);
    const tasks = [row(99), row(0), row(0, other)];
    const { filled, unfilled } = await withPayloads(storage, tasks, { budget });
    assert.deepEqual(
      filled.map(({ id }) => id),
      tasks.slice(0, 2).map(({ id }) => id),
    );
    assert.deepEqual(
      unfilled.map(({ task, problem }) => [task.id, problem]),
      [[taskIdAt(other, 0), 'postponed']],
    );
    assert.ok(spent[0] !== undefined && spent[0] >= bytes);
  });
});

test('reading a value that KV never finishes times out', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let cancelled = false;
  const value = new ReadableStream<Uint8Array>({
    cancel() {
      cancelled = true;
    },
  });
  const storage = { getWithMetadata: async () => ({ value, metadata: null }) };
  const read: Promise<RecordRead | object> = readTasks(storage, SUBMISSION, { payloads: 'all' });
  await new Promise(setImmediate);
  t.mock.timers.tick(8000);
  await assert.rejects(read, /within 8000 ms/);
  assert.ok(cancelled);
});
