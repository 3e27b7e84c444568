import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRoute, taskHref, tasksHref } from './route.ts';

const ID = '01a20b7b-d309-7000-9542-e9e3ee7d0000';

test('each view has an address', () => {
  for (const hash of ['', '#', '#/', '/']) assert.deepEqual(parseRoute(hash), { view: 'overview' });
  assert.deepEqual(parseRoute('#/types'), { view: 'types' });
  assert.deepEqual(parseRoute('#/runners'), { view: 'runners' });
  assert.deepEqual(parseRoute('#/tasks'), { view: 'tasks', filter: {} });
});

test('the address of a list contains its filter and its page', () => {
  const filter = { status: 'failed', type: 'a/b', tag: '50% & more?' } as const;
  assert.deepEqual(parseRoute(tasksHref(filter, ID)), { view: 'tasks', filter, cursor: ID });
});

test('the address of a task contains its id', () => {
  assert.deepEqual(parseRoute(taskHref(ID)), { view: 'task', id: ID });
  assert.deepEqual(parseRoute(taskHref('no / id%')), { view: 'task', id: 'no / id%' });
});

test('any other address is unknown', () => {
  const others = ['#/tasks/a/b', '#/types/a', '#/settings', '#/types/a/b'];
  const odd = ['#//[', '#/////', '#//tasks', '#//evil:99999', '#//evil/tasks', '#http://[', '#/[?cursor=%'];
  for (const hash of [...others, ...odd]) {
    assert.deepEqual(parseRoute(hash), { view: 'unknown' }, hash);
  }
});
