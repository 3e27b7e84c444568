import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Gathered, gatherPage, type Page, withFurther } from './gather.ts';

/** A list with given answers. The cursor is the number of the next answer. */
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
  assert.deepEqual(await gatherPage(ask, { size: 3, maxAnswers: 5 }), {
    rows: [1, 2, 3],
    nextCursor: '3',
    stopped: false,
  });
  assert.deepEqual(limits, [3, 2, 2]);
});

test('the last page may be short', async () => {
  assert.deepEqual(await gatherPage(listOf([[1], [2]]).ask, { size: 3, maxAnswers: 5 }), {
    rows: [1, 2],
    stopped: false,
  });
  assert.deepEqual(await gatherPage(listOf([[]]).ask, { size: 3, maxAnswers: 5 }), {
    rows: [],
    stopped: false,
  });
});

test('a search stops at its limit and returns a cursor to continue from', async () => {
  const { ask } = listOf([[], [1], [], [], [], [2]]);
  const search = { size: 3, maxAnswers: 3 };
  assert.deepEqual(await gatherPage(ask, search), { rows: [1], nextCursor: '3', stopped: true });
  assert.deepEqual(await gatherPage(ask, { ...search, cursor: '3' }), { rows: [2], stopped: false });
});

test('a search reports what it has found so far', async () => {
  const { ask } = listOf([[], [1], [2]]);
  const reported: Gathered<number>[] = [];
  await gatherPage(ask, { size: 3, maxAnswers: 5, onFound: (found) => reported.push(found) });
  assert.deepEqual(reported, [
    { rows: [], nextCursor: '1', stopped: true },
    { rows: [1], nextCursor: '2', stopped: true },
  ]);
});

const rowsOf = (...ids: string[]) => ids.map((id) => ({ id }));

test('a repeated search that stops earlier keeps the older rows', () => {
  const again = { rows: rowsOf('9', '8'), nextCursor: '6', stopped: true };
  const ended = { rows: rowsOf('8', '7', '5', '2'), stopped: false };
  assert.deepEqual(withFurther(again, ended, 5), { rows: rowsOf('9', '8', '5', '2'), stopped: false });
  const further = { rows: rowsOf('5'), nextCursor: '3', stopped: true };
  const both = { rows: rowsOf('9', '8', '5'), nextCursor: '3', stopped: true };
  assert.deepEqual(withFurther(again, further, 5), both);
});

test('the older rows are kept only until the page is full', () => {
  const again = { rows: rowsOf('9', '8'), nextCursor: '6', stopped: true };
  const ended = { rows: rowsOf('5', '4', '2'), stopped: false };
  const page = { rows: rowsOf('9', '8', '5', '4'), nextCursor: '4', stopped: false };
  assert.deepEqual(withFurther(again, ended, 4), page);
});

test('a repeated search that goes as far replaces all rows', () => {
  const before = { rows: rowsOf('8', '5'), nextCursor: '5', stopped: false };
  const full = { rows: rowsOf('9', '8'), nextCursor: '8', stopped: false };
  assert.deepEqual(withFurther(full, before, 2), full);
  const further = { rows: rowsOf('9'), nextCursor: '3', stopped: true };
  assert.deepEqual(withFurther(further, before, 2), further);
});
