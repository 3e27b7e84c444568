import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  describeFilter,
  filterQuery,
  isEmptyFilter,
  readFilter,
  type TaskFilter,
  withField,
} from './filter.ts';

const FULL: TaskFilter = {
  status: 'failed',
  type: 'image:resize',
  tag: 'eu & us',
  id: '01a2',
  createdAfter: '2026-01-01T00:00:00.000Z',
  createdBefore: '2026-01-02T00:00:00.000Z',
};

test('a filter that is written as a query is read unchanged', () => {
  assert.deepEqual(readFilter(new URLSearchParams(filterQuery(FULL).toString())), FULL);
});

test('unknown fields, an unknown status and empty fields are ignored', () => {
  assert.deepEqual(readFilter(new URLSearchParams('status=lost&type=&tag=%20&color=red')), {});
  assert.ok(isEmptyFilter({}));
});

test('a field can be changed or removed', () => {
  assert.deepEqual(withField({ type: 'a' }, 'status', 'failed'), { status: 'failed', type: 'a' });
  assert.deepEqual(withField({ type: 'a', tag: 't' }, 'tag', ''), { type: 'a' });
});

test('a filter can be described in words', () => {
  const write = (iso: string) => iso.slice(0, 10);
  assert.equal(describeFilter({}, write), 'tasks');
  assert.equal(
    describeFilter(FULL, write),
    'failed tasks of the type image:resize tagged “eu & us” whose id begins with 01a2 created after 2026-01-01 and before 2026-01-02',
  );
  assert.equal(
    describeFilter({ createdBefore: '2026-01-02T00:00:00.000Z' }, write),
    'tasks created before 2026-01-02',
  );
});
