import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reconnectDelay } from './reconnect.ts';

test('the wait doubles up to its limit, and half of it is random', () => {
  assert.deepEqual(
    [0, 1, 2].map((failures) => reconnectDelay(failures, 1)),
    [500, 1000, 2000],
  );
  assert.deepEqual(
    [0, 1, 2].map((failures) => reconnectDelay(failures, 0)),
    [250, 500, 1000],
  );
  assert.equal(reconnectDelay(1000, 1), 15_000);
});
