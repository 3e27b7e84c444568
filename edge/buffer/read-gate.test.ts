import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadGate } from './read-gate.ts';

/** A gate whose time the test controls, and a log of what has happened. */
function bed() {
  const log: string[] = [];
  const sleepers: (() => void)[] = [];
  let now = 0;
  const gate = new ReadGate({
    now: () => now,
    sleep: (ms) => {
      log.push(`sleep ${ms}`);
      return new Promise((resolve) => sleepers.push(resolve));
    },
  });
  const read = (name: string) => () => {
    log.push(name);
    return name;
  };
  /** Moves the time forward and ends the current sleep. */
  const wake = async (ms: number) => {
    now += ms;
    for (const sleeper of sleepers.splice(0)) sleeper();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { gate, log, read, wake };
}

test('after a call, the gate stays closed for three times as long as the call took', async () => {
  const { gate, log, read, wake } = bed();
  assert.equal(await gate.pass(read('first')), 'first');
  const second = gate.pass(read('second'));
  await wake(30);
  assert.deepEqual(log, ['first', 'sleep 0', 'sleep 90']);
  await wake(30);
  assert.equal(await second, 'second');
});

test('events that arrive while a call runs are handled before the next call', async () => {
  const gate = new ReadGate();
  const log: string[] = [];
  const read = (name: string) => gate.pass(() => log.push(name));
  const reads = [read('read 1'), read('read 2'), read('read 3')];
  setImmediate(() => log.push('claim'));
  await Promise.all(reads);
  assert.deepEqual(log, ['read 1', 'claim', 'read 2', 'read 3']);
});

test('64 calls may wait, in order, and a further call gets busy until one of them has run', async () => {
  const { gate, log, read, wake } = bed();
  const calls = Array.from({ length: 65 }, (_, index) => gate.pass(read(`read ${index}`)));
  assert.deepEqual(await gate.pass(read('too many')), { busy: true });
  await wake(0);
  await wake(0);
  const late = gate.pass(read('late'));
  for (let turn = 0; turn < 2 * calls.length; turn += 1) await wake(0);
  assert.deepEqual(
    await Promise.all(calls),
    [...calls.keys()].map((index) => `read ${index}`),
  );
  assert.equal(await late, 'late');
  assert.equal(log.filter((entry) => entry.startsWith('read') || entry === 'late').at(-1), 'late');
});

test('a call that fails lets the next one pass', async () => {
  const { gate, read, wake } = bed();
  const failing = gate.pass(() => {
    throw new Error('broken');
  });
  await assert.rejects(failing, /broken/);
  const next = gate.pass(read('next'));
  await wake(0);
  await wake(0);
  assert.equal(await next, 'next');
});
