import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOUR, MINUTE, testLedger } from '../testing.ts';

const count = (bed: ReturnType<typeof testLedger>, table: string) =>
  bed.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)[0]?.n;

test('ended leases and old keys are deleted in portions of a thousand', (t) => {
  const bed = testLedger(t);
  for (let n = 0; n < 2500; n += 1) {
    bed.ledger.releaseLease(`lease-${String(n).padStart(4, '0')}`);
    bed.ledger.reserve(`key-${String(n).padStart(4, '0')}`, 'hash', 'submission');
  }
  bed.now += 25 * HOUR;
  const left = [1, 2, 3].map(() => {
    bed.ledger.tick();
    return [count(bed, 'leases'), count(bed, 'idempotency_keys')];
  });
  assert.deepEqual(left, [
    [1500, 1500],
    [500, 500],
    [0, 0],
  ]);
});

test('an ended lease stays until its lifetime is over', (t) => {
  const bed = testLedger(t);
  bed.ledger.releaseLease('old');
  bed.now += 50 * MINUTE;
  bed.ledger.releaseLease('young');
  bed.now += 11 * MINUTE;
  bed.ledger.tick();
  assert.deepEqual(
    bed.sql.exec('SELECT id FROM leases').map(({ id }) => id),
    ['young'],
  );
});

test('types without tasks are deleted in portions of a thousand, other types are never deleted', (t) => {
  const bed = testLedger(t);
  const ids = Array.from({ length: 1500 }, (_, n) => bed.task({ type: `t${1000 + n}` }));
  bed.ledger.insert(ids);
  bed.sql.exec("DELETE FROM tasks WHERE type <> 't1000'");
  bed.sql.exec("UPDATE types SET ready = 0 WHERE type <> 't1000'");
  bed.now += 25 * HOUR;
  const left = [1, 2].map(() => {
    bed.ledger.tick();
    return count(bed, 'types');
  });
  assert.deepEqual(left, [501, 1]);
});
