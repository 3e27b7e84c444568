import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessagePort } from 'node:worker_threads';
import { loadCatalog } from '../../catalog/catalog.ts';
import { openActions } from '../../testing/lanes/open-actions.ts';
import { longestBlockMs } from '../../testing/longest-block.ts';
import { taskFolder, taskSource } from '../../testing/task-files.ts';

/** What ended or blocked the main thread, as code that posts it with `post`, to any thread. */
const POSTS = {
  'a list of transfers that is none': `
    for (let id = 0; id < 100; id += 1) {
      post(id, 1, { transfer: [{}], *[Symbol.iterator]() {} }, 300).catch(() => {});
    }`,
  'the end of a thread that is none': `
    const { postMessage } = MessagePort.prototype;
    let port;
    MessagePort.prototype.postMessage = function (...args) { port ??= this; return postMessage.apply(this, args); };
    post(0, 1, 300).catch(() => {});
    MessagePort.prototype.postMessage = postMessage;
    port?.postMessage({ type: 'unregisterMainThreadPort', threadId: 12345 });`,
  'what is huge': `
    post(0, Array.from({ length: 2_000_000 }, (_, index) => ({ index })), 300).catch(() => {});`,
};

const SOURCE = `
import { MessagePort, postMessageToThread as post, Worker } from 'node:worker_threads';
const POSTS = ${JSON.stringify(POSTS)};
const HEAD = "const { MessagePort, parentPort, postMessageToThread: post } = require('node:worker_threads');";
const actions = {
  post: ({ what }) => {
    new Function('post', 'MessagePort', POSTS[what])(post, MessagePort);
    return 'posted';
  },
  'post from a worker': async ({ what }) => {
    const last = "setTimeout(() => parentPort.postMessage('works'), 500);";
    const worker = new Worker([HEAD, POSTS[what], last].join('\\n'), { eval: true });
    const seen = [];
    worker.on('message', (message) => seen.push(message));
    return new Promise((resolve) => worker.on('exit', (code) => resolve([...seen, code])));
  },
  ask: () => post(0, 'hello'),
  return: () => 'returned',
};`;

const CASES = Object.keys(POSTS).flatMap((what) => [
  ['post', what, '"posted"'] as const,
  ['post from a worker', what, '["works",0]'] as const,
]);

for (const [action, what, result] of CASES) {
  test(`the main thread neither ends nor waits when a task posts to other threads (${action}: ${what})`, async (t) => {
    const { start, outcomeOf, lane } = await openActions(t, SOURCE, { threads: 2 });
    const crash = t.mock.fn();
    process.setUncaughtExceptionCaptureCallback(crash);
    t.after(() => process.setUncaughtExceptionCaptureCallback(null));
    const blocked = await longestBlockMs(async () => {
      assert.deepEqual(await outcomeOf(start(action, { what })), { result });
      assert.deepEqual(await outcomeOf(start('return')), { result: '"returned"' });
    });
    await lane.close();
    assert.deepEqual(crash.mock.calls, []);
    assert.ok(blocked < 400, `${blocked} ms`);
  });
}

test('a task that posts to another thread gets an error', async (t) => {
  const { start, outcomeOf } = await openActions(t, SOURCE);
  const outcome = await outcomeOf(start('ask'));
  assert.equal('error' in outcome && outcome.error.message, 'Task code cannot post to other threads');
});

test('a file that posts to other threads while it loads gets an error, and so do its workers', async (t) => {
  const post = (what: keyof typeof POSTS) =>
    `new Function('post', 'MessagePort', ${JSON.stringify(POSTS[what])})`;
  const source = `
    import { MessagePort, postMessageToThread as post, Worker } from 'node:worker_threads';
    ${post('the end of a thread that is none')}(post, MessagePort);
    const code = ${JSON.stringify(POSTS['the end of a thread that is none'])};
    const head = "const { MessagePort, postMessageToThread: post } = require('node:worker_threads');";
    await new Promise((resolve) => new Worker(head + code, { eval: true }).on('exit', resolve));
    const told = await post(0, 1).catch((error) => error.message);
    ${taskSource('poster', 'type: told.slice(10, 21).replace(" ", "-"),')}`;
  const crash = t.mock.fn();
  process.setUncaughtExceptionCaptureCallback(crash);
  t.after(() => process.setUncaughtExceptionCaptureCallback(null));
  const catalog = await loadCatalog([await taskFolder(t, { 'poster.mjs': source })]);
  assert.deepEqual([...catalog.keys()], ['cannot-post']);
  assert.deepEqual(crash.mock.calls, []);
});

test('the start of a thread does not change the methods of ports', async (t) => {
  const before = Object.getOwnPropertyNames(MessagePort.prototype);
  await openActions(t, SOURCE);
  assert.deepEqual(Object.getOwnPropertyNames(MessagePort.prototype), before);
});
