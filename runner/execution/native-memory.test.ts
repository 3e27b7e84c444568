import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MemoryUser, NativeMemory } from './native-memory.ts';

const MB = 2 ** 20;

/** A thread that runs tasks with these names, which may use 1,000 MB. */
function user(tasks: readonly string[], rest: Partial<MemoryUser<string>> = {}): MemoryUser<string> {
  return { tasks, allowedBytes: 1000 * MB, usedBytes: 0, isEnding: false, busyMs: 0, ...rest };
}

/** Samples these megabytes one after the other, and returns the task that the last sample blames. */
function blamed(native: NativeMemory<string>, users: readonly MemoryUser<string>[], ...mb: number[]) {
  const excesses = mb.map((one) => native.sample(one * MB, users));
  const latest = excesses.pop();
  assert.deepEqual(new Set(excesses), new Set(mb.length > 1 ? [undefined] : []));
  return latest && { tasks: latest.user.tasks, mb: latest.grownBytes / MB, others: latest.others };
}

test('a single task is blamed if the process has grown by more than its allowance plus some slack', () => {
  const native = new NativeMemory<string>();
  const alone = [user(['a'])];
  assert.equal(blamed(native, alone, 500, 1500, 1750), undefined);
  assert.deepEqual(blamed(native, alone, 1800), { tasks: ['a'], mb: 1300, others: 0 });
});

test('the heap and the Buffers of a thread reduce its allowance for native memory', () => {
  const native = new NativeMemory<string>();
  const alone = [user(['a'], { usedBytes: 800 * MB })];
  assert.equal(blamed(native, alone, 500, 900), undefined);
  assert.equal(blamed(native, alone, 1000)?.mb, 500);
});

test('memory from before the start of a task is not attributed to it', () => {
  const native = new NativeMemory<string>();
  assert.equal(blamed(native, [], 3000), undefined);
  assert.equal(blamed(native, [user(['late'])], 3000, 3500), undefined);
});

test('memory that a task took before its first measurement is attributed to it', () => {
  const native = new NativeMemory<string>();
  assert.equal(blamed(native, [], 100), undefined);
  assert.equal(blamed(native, [user(['fast'])], 1500)?.mb, 1400);
});

test('if concurrent tasks use too much together, the one with the most growth is blamed', () => {
  const native = new NativeMemory<string>();
  const [early, late] = [user(['early']), user(['late'])];
  assert.equal(blamed(native, [early], 100, 900), undefined);
  assert.equal(blamed(native, [early, late], 900, 2300), undefined);
  assert.deepEqual(blamed(native, [early, late], 2400), { tasks: ['early'], mb: 2300, others: 1 });
});

test('of tasks with equal growth, the one with the busier thread is blamed', () => {
  const native = new NativeMemory<string>();
  const users = (busyMs: number) => [user(['idle'], { busyMs: 9000 }), user(['busy'], { busyMs })];
  assert.equal(blamed(native, users(100), 100, 900), undefined);
  assert.deepEqual(blamed(native, users(400), 2400), { tasks: ['busy'], mb: 2300, others: 1 });
});

test('memory that an ending thread still takes is not blamed on others, up to a limit', () => {
  const native = new NativeMemory<string>();
  const users = [user(['ended'], { isEnding: true }), user(['innocent'])];
  assert.equal(blamed(native, users, 100, 2000, 5000), undefined);
  assert.deepEqual(blamed(native, users, 5400)?.tasks, ['innocent']);
});

test('memory that a thread leaves behind when it exits is attributed to no task', () => {
  const native = new NativeMemory<string>();
  assert.equal(blamed(native, [user(['ended'], { isEnding: true }), user(['b'])], 100, 3000), undefined);
  native.forgive();
  assert.equal(blamed(native, [user(['b'])], 2900, 4000), undefined);
  assert.equal(blamed(native, [user(['b'])], 4200)?.mb, 1300);
});
