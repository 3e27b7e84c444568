import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClaimReads, inReadingOrder } from './claim-reads.ts';

const MB = 1024 * 1024;

/** How many records of a size a claim reads, 100 at most. Each read takes `tookMs`. */
function recordsRead(bytes: number, tookMs = 0): number {
  let now = 0;
  const reads = new ClaimReads(() => now);
  let count = 0;
  for (; count < 100 && reads.remainingMs() > 0; count += 1) {
    now += tookMs;
    reads.spend(bytes);
  }
  return count;
}

test('a claim reads at most four large records', () => assert.equal(recordsRead(2 * MB), 4));

test('a claim reads no more records once it has read 40 MB', () => {
  assert.deepEqual([recordsRead(20 * MB), recordsRead(25 * MB)], [2, 2]);
});

test('a claim reads any number of small records', () => assert.equal(recordsRead(100_000), 100));

test('a claim reads for at most three seconds, but always its first record', () => {
  assert.deepEqual([recordsRead(100_000, 1000), recordsRead(100_000, 10_000)], [3, 1]);
});

test('a claim reads for each of its wants in turn, beginning with the most urgent', () => {
  const task = (id: string, type: string, priority = 0) => ({ id, type, priority });
  const wants = [{ types: ['a', 'b'] }, { types: ['c'] }, { types: ['d'] }];
  const tasks = [task('2', 'a'), task('3', 'b'), task('4', 'a'), task('5', 'c', 1), task('1', 'd')];
  const order = (list: typeof tasks) => inReadingOrder(list, wants).map(({ id }) => id);
  assert.deepEqual(order(tasks), ['5', '1', '2', '3', '4']);
  assert.deepEqual(order([]), []);
  assert.deepEqual(
    inReadingOrder(tasks, []).map(({ id }) => id),
    tasks.map(({ id }) => id),
  );
});
