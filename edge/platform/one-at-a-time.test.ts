import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OneAtATime } from './one-at-a-time.ts';

/** Time passes only while calls wait. */
function bed() {
  let now = 0;
  const one = new OneAtATime({
    now: () => now,
    wait: async (ms) => {
      now += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
  });
  return { one, now: () => now };
}

test('calls run one at a time, each after the call before it has ended or failed', async () => {
  const { one } = bed();
  let running = 0;
  let most = 0;
  const call = async () => {
    running += 1;
    most = Math.max(most, running);
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    if (running === 0) throw new Error('broken');
  };
  const ended = await Promise.allSettled(Array.from({ length: 5 }, () => one.run(call)));
  assert.equal(most, 1);
  assert.ok(ended.every(({ status }) => status === 'rejected'));
});

test('a call that waits for five seconds returns busy', async () => {
  const { one } = bed();
  const { promise, resolve } = Promise.withResolvers<string>();
  const first = one.run(() => promise);
  assert.deepEqual(await one.run(async () => 'second'), { busy: true });
  resolve('first');
  assert.equal(await first, 'first');
  assert.equal(await one.run(async () => 'third'), 'third');
});

test('a call that never ends is considered gone after ten seconds', async () => {
  const { one, now } = bed();
  void one.run(() => new Promise(() => {}));
  const busy = await one.run(async () => 'too early');
  assert.deepEqual(busy, { busy: true });
  assert.equal(await one.run(async () => 'later'), 'later');
  assert.ok(now() >= 10_000);
});
