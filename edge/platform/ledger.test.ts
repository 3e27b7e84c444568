import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serialize } from 'node:v8';
import { callsOf, serializedBytes } from './ledger.ts';

const task = {
  id: '01a20b7b-d309-7000-9542-e9e3ee7d0000',
  type: 'a',
  priority: 0,
  runAt: 1_764_000_000_000.5,
  tags: ['x', 'é', '€'],
  backoff: { baseSeconds: 1, capSeconds: 3600 },
  bodyBytes: undefined,
};

test('small items are sent in calls of 300, in their order', () => {
  const items = Array.from({ length: 1000 }, (_, index) => index);
  const calls = callsOf(items);
  assert.deepEqual(
    calls.map(({ length }) => length),
    [300, 300, 300, 100],
  );
  assert.deepEqual(calls.flat(), items);
});

for (const [characters, payload] of [
  ['ASCII', 'x'.repeat(20_000)],
  ['Latin-1', 'é'.repeat(20_000)],
  ['ASCII and one emoji', `😀${'x'.repeat(20_000)}`],
  ['one character that is not Latin-1', `${'x'.repeat(20_000)}Ā`],
  ['no', null],
] as const) {
  test(`the estimated size of a task is accurate if its payload has ${characters} characters`, () => {
    const counted = serializedBytes({ ...task, payload });
    const bytes = serialize({ ...task, payload }).length;
    assert.ok(counted >= bytes, `Expected ${bytes} bytes at least, got ${counted}`);
    assert.ok(counted < bytes + 500, `Expected about ${bytes} bytes, got ${counted}`);
  });
}
