import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { TaskQueue } from '../../client/client.ts';
import { openEdge } from '../../edge/testing/shared-edges.ts';
import type { TaskEntry } from '../catalog/catalog.ts';
import { fixtureEntry } from '../testing/held-tasks.ts';
import { applySchedules } from './declared-schedules.ts';

const edge = openEdge();
let queue: TaskQueue;
before(async () => {
  queue = new TaskQueue({ url: await edge.listen() });
});

const YEARLY = { cron: '0 0 1 1 *' };

function entry(type: string, schedule: TaskEntry['schedule']): TaskEntry {
  return { ...fixtureEntry('cpu'), type, schedule };
}

test('declared schedules are set, and those that are no longer declared are deleted', async () => {
  await queue.schedules.put('by-hand', { type: 'x', ...YEARLY });
  const entries = [
    entry('declared-a', YEARLY),
    entry('declared-b', { ...YEARLY, name: 'b' }),
    entry('none', undefined),
  ];
  const apply = (some: TaskEntry[], prune: boolean) => applySchedules(queue, some, prune);
  assert.deepEqual(await apply(entries, true), [
    { name: 'declared-a', change: 'created' },
    { name: 'b', change: 'created' },
  ]);
  assert.deepEqual(await apply([entry('declared-a', { ...YEARLY, payload: { n: 1 } })], false), [
    { name: 'declared-a', change: 'changed' },
  ]);
  assert.deepEqual(await apply([entry('declared-a', { ...YEARLY, payload: { n: 1 } })], true), [
    { name: 'declared-a', change: 'unchanged' },
    { name: 'b', change: 'deleted' },
  ]);
  assert.equal((await queue.schedules.get('by-hand')).name, 'by-hand');
  for (const name of ['by-hand', 'declared-a']) await queue.schedules.delete(name);
});

test('a refused schedule names its file', async () => {
  const refused = applySchedules(queue, [entry('declared-c', { cron: '61 * * * *' })], false);
  await assert.rejects(
    refused,
    /^Error: The schedule of .*cpu-fixture\.ts was refused: cron: The minute "61"/,
  );
});
