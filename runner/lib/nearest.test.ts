import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from './nearest.ts';

const KNOWN = [
  'type',
  'lane',
  'payload',
  'timeoutSeconds',
  'maxAttempts',
  'backoff',
  'memoryMb',
  'env',
  'run',
];

for (const [name, expected] of [
  ['timeoutSecs', 'timeoutSeconds'],
  ['timeout', 'timeoutSeconds'],
  ['TimeoutSeconds', 'timeoutSeconds'],
  ['maxAttempt', 'maxAttempts'],
  ['attempts', 'maxAttempts'],
  ['memoryMB', 'memoryMb'],
  ['backOff', 'backoff'],
  ['envs', 'env'],
  ['description', undefined],
  ['x', undefined],
  ['', undefined],
] as const) {
  test(`the known name nearest to "${name}" is ${expected ?? 'none'}`, () => {
    assert.equal(nearest(name, KNOWN), expected);
  });
}
