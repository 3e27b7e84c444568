import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TestLedger, testLedger } from '../testing.ts';

const TASKS = 2000;
const INSERTED_BY = 100;

for (const { payloadBytes, atMost } of [
  { payloadBytes: 200, atMost: 900 },
  { payloadBytes: 1000, atMost: 1800 },
]) {
  test(`a completed task with ${payloadBytes} bytes of payload takes at most ${atMost} bytes`, (t) => {
    const bed = testLedger(t);
    const before = bytesOf(bed);
    const payload = JSON.stringify('x'.repeat(payloadBytes - 2));
    for (let done = 0; done < TASKS; done += INSERTED_BY) {
      bed.addMany(INSERTED_BY, { payload });
      const { leaseId, ids } = bed.claim(['a'], { limit: INSERTED_BY });
      assert.equal(ids.length, INSERTED_BY);
      bed.ledger.settle(ids.map((taskId) => ({ taskId, leaseId, success: true, result: '{"n":1}' })));
    }
    const bytes = (bytesOf(bed) - before) / TASKS;
    assert.ok(bytes <= atMost, `A task takes ${bytes} bytes`);
    assert.ok(bytes > payloadBytes, `A task of ${payloadBytes} bytes takes ${bytes}: it was not stored`);
  });
}

function bytesOf({ sql }: TestLedger): number {
  const [pages] = sql.exec<{ page_count: number }>('PRAGMA page_count');
  const [size] = sql.exec<{ page_size: number }>('PRAGMA page_size');
  assert.ok(pages && size);
  return pages.page_count * size.page_size;
}
