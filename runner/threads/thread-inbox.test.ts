import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { waitFor } from '../../edge/testing/wait-for.ts';
import { ThreadInbox } from './thread-inbox.ts';
import type { ChildMessage, ThreadMessage } from './thread-messages.ts';
import { costOf, type JobEnd, NOTE_WINDOW } from './thread-protocol.ts';

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

const LINE = JSON.stringify(line());
/** As many lines as a thread may have on their way. */
const WINDOW_LINES = Math.ceil(NOTE_WINDOW / costOf(LINE));

for (const [what, message] of [
  ['no JSON', 'hello'],
  ['half of a message', '{"kind":"log"'],
  ['an empty text', ''],
  ['null', null],
  ['a list', [[]]],
  ['an unknown kind', line({ kind: 'shout' })],
  ['an unknown level', line({ level: 'loud' })],
  ['an unknown field', line({ extra: true })],
  ['a message that is no text', line({ message: {} })],
  ['a message that is too long', line({ message: 'x'.repeat(8193) })],
  ['details that are no JSON', line({ details: '{' })],
  ['a job that is no number', line({ jobId: '1' })],
  ['progress that is no JSON', { kind: 'progress', jobId: 1, value: 1 }],
  ['progress that is too large', { kind: 'progress', jobId: 1, value: JSON.stringify('x'.repeat(1023)) }],
  ['progress that nests too deep', { kind: 'progress', jobId: 1, value: '['.repeat(300) + ']'.repeat(300) }],
  ['a child without a process id', { kind: 'child-started', isLeader: false }],
  ['a child that is the first process', { kind: 'child-started', pid: 1, isLeader: true }],
  ['the end of a group of processes', { kind: 'child-ended', pid: -5 }],
  ['ends that are no list', { ends: 'all' }],
  ['more ends than it has jobs', { ends: Array(20).fill(null) }],
  ['an end that is none', { ends: [null] }],
  ['an end without an outcome', { ends: [{ jobId: 1, ms: 1 }] }],
  ['a result that is no JSON', end({ result: '1},{"taskId":"another"' })],
  ['a result that is no text', end({ result: 1 })],
  ['a result that nests too deep', end({ result: '['.repeat(250) + ']'.repeat(250) })],
  ['an error without a code', end({ error: { message: 'It broke' } })],
  ['an error beside a result', end({ error: null, result: '1' })],
  ['an error with more than errors have', end({ error: { code: 'a', message: 'b', more: 'c' } })],
  ['a time that is none', end({ result: '1' }, { ms: null })],
  ['a time before the start', end({ result: '1' }, { ms: -1 })],
  ['a time without an end', JSON.stringify(end({ result: '1' })).replace('"ms":1', '"ms":1e999')],
  ['a time that is longer than a year', end({ result: '1' }, { ms: 1e12 })],
  ['the end of a job of another thread', end({ result: '1' }, { jobId: 2 })],
] as const) {
  test(`${what} is a message that cannot be read, and changes nothing`, async (t) => {
    const { thread, messages, ends, problems, floods } = open(t);
    thread.port.postMessage(typeof message === 'string' ? message : JSON.stringify(message));
    thread.port.postMessage(JSON.stringify(line()));
    await waitFor('the line', () => messages.length === 1);
    assert.deepEqual([problems.length, ends.length, floods.length], [1, 0, 0]);
    assert.ok(problems.every((problem) => problem.length <= 200));
  });
}

const OVERSIZED = 'a message above the size limit';
const NO_TEXT = 'a message that is no text';
const MANY = Array.from({ length: 30_000 }, (_, index) => ({ index, list: [index] }));
for (const [what, message, problem] of [
  ['a text that is longer than any', `"${'x'.repeat(2 ** 20)}"`, OVERSIZED],
  ['a long list', JSON.stringify(MANY), OVERSIZED],
  ['many more ends than it has jobs', JSON.stringify({ ends: MANY }), OVERSIZED],
  ['a field that is large', JSON.stringify(line({ extra: MANY })), OVERSIZED],
  ['what nests deep', '['.repeat(100_000) + ']'.repeat(100_000), OVERSIZED],
  [
    'a result with too many bytes',
    JSON.stringify(end({ result: JSON.stringify('\u20ac'.repeat(2 ** 17)) })),
    OVERSIZED,
  ],
  ['word that it has kept something back', 'unsent', OVERSIZED],
  ['an object', line(), NO_TEXT],
  ['a large object', MANY, NO_TEXT],
  ['a Map', new Map([['key', 'value']]), NO_TEXT],
  ['a Buffer', Buffer.alloc(2 ** 20), NO_TEXT],
  ['nothing', undefined, NO_TEXT],
] as const) {
  test(`a thread that sends ${what} is not listened to any more`, async (t) => {
    const { thread, messages, ends, problems, floods } = open(t);
    for (let count = 0; count < 3; count += 1) thread.port.postMessage(message);
    thread.port.postMessage(JSON.stringify(line()));
    await waitFor('it to be refused', () => floods.length > 0);
    await turn();
    assert.deepEqual(floods, [problem]);
    assert.deepEqual([messages.length, ends.length, problems.length], [0, 0, 0]);
  });
}

test('the largest end and the largest log line are read', async (t) => {
  const { inbox, thread, messages, ends } = open(t);
  const result = JSON.stringify('"'.repeat(2 ** 17 - 1));
  const error = { code: 'task_error', name: '\u0001'.repeat(4096), message: '\u0001'.repeat(4096) };
  for (const one of [end({ result }), end({ error })]) {
    thread.port.postMessage(JSON.stringify(one));
    inbox.drain();
    await turn();
  }
  const details = JSON.stringify({ text: '"'.repeat(4000) });
  thread.port.postMessage(JSON.stringify(line({ message: '\u0001'.repeat(8192), details })));
  inbox.drain();
  assert.deepEqual(
    ends.map(({ outcome }) => outcome),
    [{ result }, { error }],
  );
  assert.equal(messages.length, 1);
});

test('what a thread sends is read: values from their JSON, ends as they are', async (t) => {
  const { inbox, thread, messages, children, ends } = open(t);
  const child = { kind: 'child-started', pid: 5, startedAt: '1', isLeader: true };
  const sent = [
    child,
    line({ details: '{"step":1}' }),
    { kind: 'progress', jobId: 1, value: '[1]' },
    end({ result: '{"ok":true}' }),
  ];
  for (const message of sent) thread.port.postMessage(JSON.stringify(message));
  inbox.drain();
  assert.deepEqual(messages, [line({ details: { step: 1 } }), { kind: 'progress', jobId: 1, value: [1] }]);
  assert.deepEqual(children, [child]);
  assert.deepEqual(ends, [{ jobId: 1, ms: 1, outcome: { result: '{"ok":true}' } }]);
});

test('notes are acknowledged once a turn of the main thread, all that came in it', async (t) => {
  const { inbox, thread, messages } = open(t);
  for (let count = 0; count < WINDOW_LINES; count += 1) thread.port.postMessage(LINE);
  inbox.drain();
  assert.equal(Atomics.load(thread.received, 0), 0);
  await turn();
  await turn();
  assert.deepEqual(
    [messages.length, Atomics.load(thread.received, 0)],
    [WINDOW_LINES, WINDOW_LINES * costOf(LINE)],
  );
});

for (const [what, message] of [
  ['an answer with more than that', { kind: 'pong', junk: MANY }],
  ['ends with more than that', { ends: [], junk: MANY }],
] as const) {
  test(`a thread that sends ${what} is not listened to any more`, async (t) => {
    const { thread, problems, floods } = open(t);
    for (let count = 0; count < 50; count += 1) thread.port.postMessage(JSON.stringify(message));
    await waitFor('it to be refused', () => floods.length > 0);
    await turn();
    assert.deepEqual([floods, problems.length], [[OVERSIZED], 0]);
  });
}

for (const [what, message, most] of [
  ['notes that wait for no acknowledgement', LINE, WINDOW_LINES],
  ['messages that cannot be read', 'hello', 0],
  ['ends of jobs that have ended', JSON.stringify(end({ result: '1' }, { jobId: 2 })), 0],
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
    assert.ok(messages.length <= most + WINDOW_LINES * 20, `${messages.length} messages`);
    assert.ok(problems.length <= 100, `${problems.length} problems`);
  });
}
