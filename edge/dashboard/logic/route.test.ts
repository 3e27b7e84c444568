import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRoute, taskHref, tasksHref } from './route.ts';

const ID = '01a20b7b-d309-7000-9542-e9e3ee7d0000';

test('each view has its address', () => {
  for (const hash of ['', '#', '#/', '/']) assert.deepEqual(parseRoute(hash), { view: 'overview' });
  assert.deepEqual(parseRoute('#/types'), { view: 'types' });
  assert.deepEqual(parseRoute('#/runners'), { view: 'runners' });
  assert.deepEqual(parseRoute('#/tasks'), { view: 'tasks', filter: {} });
});

test('a list with its filter and its page goes through its address and comes back', () => {
  const filter = { status: 'failed', type: 'a/b', tag: '50% & more?' } as const;
  assert.deepEqual(parseRoute(tasksHref(filter, ID)), { view: 'tasks', filter, cursor: ID });
});

test('a task goes through its address and comes back', () => {
  assert.deepEqual(parseRoute(taskHref(ID)), { view: 'task', id: ID });
  assert.deepEqual(parseRoute(taskHref('no / id%')), { view: 'task', id: 'no / id%' });
});

test('an address that nothing has is unknown', () => {
  for (const hash of ['#/tasks/a/b', '#/types/a', '#/settings', '#/types/a/b']) {
    assert.deepEqual(parseRoute(hash), { view: 'unknown' }, hash);
  }
});
