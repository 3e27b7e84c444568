import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { waitFor } from '../../edge/testing/wait-for.ts';
import { ThreadInbox } from './thread-inbox.ts';
import type { ChildMessage, ThreadMessage } from './thread-messages.ts';
import { type JobEnd, NOTE_WINDOW } from './thread-protocol.ts';

/** An inbox of a thread that runs job 1. */
function open(t: TestContext) {
  const messages: ThreadMessage[] = [];
  const children: ChildMessage[] = [];
  const ends: JobEnd[] = [];
  const problems: string[] = [];
  const floods: string[] = [];
  const inbox = new ThreadInbox({
    openJobs: () => 1,
    onMessage: (message) => void messages.push(message),
    onChild: (message) => void children.push(message),
    onEnds: (list) => {
      ends.push(...list.filter(({ jobId }) => jobId === 1));
      return list.some(({ jobId }) => jobId === 1);
    },
    onBadMessage: (problem) => void problems.push(problem),
    onFlood: (problem) => void floods.push(problem),
  });
  const thread = inbox.threadSide();
  t.after(() => {
    inbox.close();
    thread.port.close();
  });
  return { inbox, thread, messages, children, ends, problems, floods };
}

const line = (rest: object = {}) => ({ kind: 'log', jobId: 1, level: 'info', message: 'a line', ...rest });
const end = (outcome: unknown, rest: object = {}) => ({ ends: [{ jobId: 1, ms: 1, outcome, ...rest }] });

for (const [what, message] of [
  ['a text', 'hello'],
  ['null', null],
  ['nothing', undefined],
  ['a bigint', 1n],
  ['a list', [[]]],
  ['an unknown kind', line({ kind: 'shout' })],
  ['an unknown level', line({ level: 'loud' })],
  ['a message that is no text', line({ message: {} })],
  ['a message that is too long', line({ message: 'x'.repeat(8193) })],
  ['details that are no JSON', line({ details: '{' })],
  ['a job that is no number', line({ jobId: '1' })],
  ['progress that is no JSON', { kind: 'progress', jobId: 1, value: 1n }],
  ['progress that is too large', { kind: 'progress', jobId: 1, value: JSON.stringify('x'.repeat(1023)) }],
  ['progress that nests too deep', { kind: 'progress', jobId: 1, value: '['.repeat(300) + ']'.repeat(300) }],
  ['a child without a process id', { kind: 'child-started', isLeader: false }],
  ['a child that is the first process', { kind: 'child-started', pid: 1, isLeader: true }],
  ['the end of a group of processes', { kind: 'child-ended', pid: -5 }],
  ['ends that are no list', { ends: 'all' }],
  ['an end that is none', { ends: [null] }],
  ['an end without an outcome', { ends: [{ jobId: 1, ms: 1 }] }],
  ['a result that is no JSON', end({ result: '1},{"taskId":"another"' })],
  ['a result that is no text', end({ result: 1 })],
  ['an error without a code', end({ error: { message: 'It broke' } })],
  ['an error beside a result', end({ error: null, result: '1' })],
  ['a time that is none', end({ result: '1' }, { ms: Number.NaN })],
  ['the end of a job of another thread', end({ result: '1' }, { jobId: 2 })],
] as const) {
  test(`${what} is a message that cannot be read, and changes nothing`, async (t) => {
    const { thread, messages, ends, problems, floods } = open(t);
    thread.port.postMessage(message);
    thread.port.postMessage(line());
    await waitFor('the line', () => messages.length === 1);
    assert.deepEqual([problems.length, ends.length, floods.length], [1, 0, 0]);
  });
}

const MANY = Array.from({ length: 300_000 }, (_, index) => ({ index, list: [index] }));
for (const [what, message] of [
  ['a long list', MANY],
  ['more ends than it has jobs', { ends: MANY }],
  ['a field that is large', line({ extra: MANY })],
  ['a text that is larger than a result', line({ message: 'x'.repeat(2 ** 20) })],
  ['what nests deep', JSON.parse('['.repeat(1000) + ']'.repeat(1000))],
  ['a Map', new Map([['key', 'value']])],
  ['a Buffer', Buffer.alloc(2 ** 20)],
] as const) {
  test(`a thread that sends ${what} is not listened to any more`, async (t) => {
    const { thread, messages, ends, problems, floods } = open(t);
    for (let count = 0; count < 3; count += 1) thread.port.postMessage(message);
    thread.port.postMessage(line());
    await waitFor('it to be refused', () => floods.length > 0);
    await turn();
    assert.deepEqual(floods, ['a message that is larger than any of its own']);
    assert.deepEqual([messages.length, ends.length, problems.length], [0, 0, 0]);
  });
}

test('what a thread sends is read: values from their JSON, ends as they are', async (t) => {
  const { inbox, thread, messages, children, ends } = open(t);
  const child = { kind: 'child-started', pid: 5, startedAt: '1', isLeader: true };
  thread.port.postMessage(child);
  thread.port.postMessage(line({ details: '{"step":1}' }));
  thread.port.postMessage({ kind: 'progress', jobId: 1, value: '[1]' });
  thread.port.postMessage(end({ result: '{"ok":true}' }));
  inbox.drain();
  assert.deepEqual(messages, [line({ details: { step: 1 } }), { kind: 'progress', jobId: 1, value: [1] }]);
  assert.deepEqual(children, [child]);
  assert.deepEqual(ends, [{ jobId: 1, ms: 1, outcome: { result: '{"ok":true}' } }]);
});

test('notes are acknowledged once a turn of the main thread, all that came in it', async (t) => {
  const { inbox, thread, messages } = open(t);
  for (let count = 0; count < NOTE_WINDOW; count += 1) thread.port.postMessage(line());
  inbox.drain();
  assert.equal(Atomics.load(thread.received, 0), 0);
  await turn();
  await turn();
  assert.deepEqual([messages.length, Atomics.load(thread.received, 0)], [NOTE_WINDOW, NOTE_WINDOW]);
});

for (const [what, message, most] of [
  ['notes that wait for no acknowledgement', line(), NOTE_WINDOW],
  ['messages that cannot be read', 'hello', 0],
  ['ends of jobs that have ended', end({ result: '1' }, { jobId: 2 }), 0],
] as const) {
  test(`a thread that sends ${what} without end is not listened to, and starves nobody`, async (t) => {
    const { thread, messages, problems, floods } = open(t);
    const worker = new Worker(
      `const { workerData } = require('node:worker_threads');
       for (;;) workerData.port.postMessage(workerData.message);`,
      { eval: true, workerData: { port: thread.port, message }, transferList: [thread.port] },
    );
    const exited = once(worker, 'exit');
    await waitFor('it to be ended', () => floods.length > 0);
    await worker.terminate();
    await exited;
    assert.equal(floods.length, 1);
    assert.ok(messages.length <= most + NOTE_WINDOW * 20, `${messages.length} messages`);
    assert.ok(problems.length <= 100, `${problems.length} problems`);
  });
}
