import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TaskWatch } from './task-watch.ts';

const UNKNOWN = { unknown: true } as const;

/** A watch over versions that the test sets, and how often they were looked at. */
function watchOver(versions: Map<string, string>) {
  const looks: string[] = [];
  const watch = new TaskWatch({
    version: (taskId) => {
      looks.push(taskId);
      return versions.get(taskId) ?? null;
    },
    find: () => UNKNOWN,
  });
  return { watch, looks };
}

test('a task that is not as the caller says is answered at once', async () => {
  const { watch } = watchOver(new Map([['a', '2']]));
  assert.deepEqual(await watch.until('a', '1', 60_000), UNKNOWN);
});

test('a call waits until its own task changes, and no longer than its time', async () => {
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

test('a task that the ledger does not know yet is awaited', async () => {
  const versions = new Map<string, string>();
  const { watch } = watchOver(versions);
  const answer = watch.until('a', null, 60_000);
  versions.set('a', '1');
  watch.note();
  assert.deepEqual(await answer, UNKNOWN);
});

test('a hundred changes in a row are one look, and none while nobody waits', async () => {
  const { watch, looks } = watchOver(new Map([['a', '1']]));
  watch.note();
  const answer = watch.until('a', '1', 200);
  for (let change = 0; change < 100; change += 1) watch.note();
  await answer;
  watch.note();
  assert.equal(looks.length, 2, 'one when the call came, one after the changes');
});
