import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spacingMs } from './live-sockets.ts';

test('updates come once a second, and more rarely if the state is costly to read', () => {
  assert.equal(spacingMs(0), 1000);
  assert.equal(spacingMs(20_000), 1000);
  assert.equal(spacingMs(100_000), 2000);
  assert.equal(spacingMs(10_000_000), 10_000);
});
