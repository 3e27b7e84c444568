import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatherPage, type Page } from './gather.ts';

/** A list whose answers are given, the cursor being the number of the next. */
function listOf(answers: number[][]) {
  const limits: number[] = [];
  const ask = async (cursor: string | undefined, limit: number): Promise<Page<number>> => {
    limits.push(limit);
    const at = Number(cursor ?? 0);
    const more = at + 1 < answers.length;
    return { rows: answers[at] ?? [], ...(more && { nextCursor: String(at + 1) }) };
  };
  return { ask, limits };
}

test('short and empty answers are gathered until the page is full', async () => {
  const { ask, limits } = listOf([[1], [], [2, 3], [4]]);
  assert.deepEqual(await gatherPage(ask, 3), { rows: [1, 2, 3], nextCursor: '3', stopped: false });
  assert.deepEqual(limits, [3, 2, 2]);
});

test('the last page may be short', async () => {
  assert.deepEqual(await gatherPage(listOf([[1], [2]]).ask, 3), { rows: [1, 2], stopped: false });
  assert.deepEqual(await gatherPage(listOf([[]]).ask, 3), { rows: [], stopped: false });
});

test('a search stops at its bound and says where it goes on', async () => {
  const { ask } = listOf([[], [1], [], [], [], [2]]);
  assert.deepEqual(await gatherPage(ask, 3, undefined, 3), { rows: [1], nextCursor: '3', stopped: true });
  assert.deepEqual(await gatherPage(ask, 3, '3', 3), { rows: [2], stopped: false });
});
