import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSize } from './payload-size.ts';

test('a size is shown in the matching unit', () => {
  assert.deepEqual([12, 2048, 9 * 2 ** 20].map(formatSize), ['12 bytes', '2.0 KB', '9.0 MB']);
});
