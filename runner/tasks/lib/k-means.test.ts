import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findClusters } from './k-means.ts';
import { seededRandom } from './random.ts';

test('an abort ends the search for clusters', async () => {
  const random = seededRandom(4);
  const rows = Array.from({ length: 2000 }, () => [random(), random()]);
  const abort = new AbortController();
  const search = findClusters(['x', 'y'], rows, 20, random, abort.signal);
  abort.abort();
  await assert.rejects(search, { name: 'AbortError' });
});
