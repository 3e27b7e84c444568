import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spacingMs } from './live-sockets.ts';

test('updates come once per second, or more rarely if an update takes long', () => {
  assert.equal(spacingMs(0), 1000);
  assert.equal(spacingMs(50), 1000);
  assert.equal(spacingMs(100), 2000);
  assert.equal(spacingMs(10_000), 10_000);
});
