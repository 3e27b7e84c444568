import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TaskWatch } from './task-watch.ts';

const UNKNOWN = { unknown: true } as const;

/** A watch over versions that the test sets, and the number of tasks of each read. */
function watchOver(versions: Map<string, string>) {
  const looks: number[] = [];
  const watch = new TaskWatch({
    versions: (taskIds) => {
      looks.push(taskIds.length);
      return new Map([...versions].filter(([taskId]) => taskIds.includes(taskId)));
    },
    find: () => UNKNOWN,
  });
  return { watch, looks };
}

test('a call returns at once if the task does not have the given version', async () => {
  const { watch } = watchOver(new Map([['a', '2']]));
  assert.deepEqual(await watch.until('a', '1', 60_000), UNKNOWN);
});

test('a call waits until its own task changes or its time is over', async () => {
  const versions = new Map([
    ['a', '1'],
    ['b', '1'],
  ]);
  const { watch } = watchOver(versions);
  const answered: string[] = [];
  const a = watch.until('a', '1', 60_000).then(() => answered.push('a'));
  const b = watch.until('b', '1', 300).then(() => answered.push('b'));
  versions.set('a', '2');
  watch.note();
  await a;
  assert.deepEqual(answered, ['a']);
  await b;
  assert.deepEqual(answered, ['a', 'b']);
});

test('a call can wait for a task that is not in the ledger yet', async () => {
  const versions = new Map<string, string>();
  const { watch } = watchOver(versions);
  const answer = watch.until('a', null, 60_000);
  versions.set('a', '1');
  watch.note();
  assert.deepEqual(await answer, UNKNOWN);
});

test('5,000 calls may wait, and a further call gets busy until one of them returns', async () => {
  const versions = new Map(Array.from({ length: 5001 }, (_, index) => [`t${index}`, '1']));
  const { watch } = watchOver(versions);
  const first = watch.until('t0', '1', 60_000);
  const others = Array.from({ length: 4999 }, (_, index) => watch.until(`t${index + 1}`, '1', 1000));
  assert.deepEqual(await watch.until('t5000', '1', 60_000), { busy: true });
  assert.deepEqual(await watch.until('t5000', 'other', 60_000), UNKNOWN, 'this call does not need to wait');
  versions.set('t0', '2');
  watch.note();
  await first;
  assert.deepEqual(await watch.until('t5000', '1', 1), UNKNOWN);
  await Promise.all(others);
});

test('a hundred changes in a row cause one read, and no read if no call waits', async () => {
  const { watch, looks } = watchOver(new Map([['a', '1']]));
  watch.note();
  const answer = watch.until('a', '1', 200);
  for (let change = 0; change < 100; change += 1) watch.note();
  await answer;
  watch.note();
  assert.deepEqual(looks, [1, 1], 'one when the call arrived, one after the changes');
});

test('a round reads 100 tasks at a time', async () => {
  const ids = Array.from({ length: 250 }, (_, index) => `t${index}`);
  const versions = new Map(ids.map((id) => [id, '1']));
  const { watch, looks } = watchOver(versions);
  const answers = Promise.all(ids.map((id) => watch.until(id, '1', 60_000)));
  looks.length = 0;
  for (const id of ids) versions.set(id, '2');
  watch.note();
  await answers;
  assert.deepEqual(looks, [100, 100, 50]);
});

test('the next round finds a change that happened during a round', async () => {
  const ids = Array.from({ length: 150 }, (_, index) => `t${index}`);
  const versions = new Map(ids.map((id) => [id, '1']));
  const { watch, looks } = watchOver(versions);
  const first = watch.until('t0', '1', 60_000);
  const others = Promise.all(ids.slice(1).map((id) => watch.until(id, '1', 500)));
  looks.length = 0;
  watch.note();
  while (looks.length === 0) await sleep(5);
  versions.set('t0', '2');
  watch.note();
  await first;
  await others;
});
