import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testLedger } from '../testing.ts';

const idsOf = (tasks: readonly { id: string }[]) => tasks.map((task) => task.id);

describe('a paused type', () => {
  test('is not claimed, neither in a batch nor alone, while other types are', (t) => {
    const bed = testLedger(t);
    const [paused, other] = [bed.add({ type: 'a' }), bed.add({ type: 'b' })];
    bed.ledger.pause('a');
    assert.deepEqual(bed.ledger.claimOne(paused), { paused: true });
    const grant = bed.claim(['a', 'b']);
    assert.deepEqual([grant.ids, grant.ready], [[other], 0]);
    assert.equal(bed.state(paused), 'ready');
  });

  test('is not listed as ready and wakes no runner, but its tasks are listed as active', (t) => {
    const bed = testLedger(t);
    const id = bed.add();
    bed.ledger.pause('a');
    assert.deepEqual(bed.ledger.ready(10), []);
    assert.equal(bed.ledger.claimable('any').size, 0);
    assert.equal(bed.ledger.claimable(['a']).size, 0);
    assert.deepEqual(idsOf(bed.ledger.listActive(10)), [id]);
  });

  test('is claimed in its order again after it is resumed', (t) => {
    const bed = testLedger(t);
    bed.ledger.pause('a');
    bed.ledger.pause('a');
    const ids = bed.addMany(3);
    bed.ledger.resume('a');
    bed.ledger.resume('a');
    assert.deepEqual(bed.claim(['a']).ids, ids);
  });

  test('does not affect running tasks', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    bed.ledger.pause('a');
    assert.equal(bed.succeed(id, leaseId).state, 'completed');
  });

  test('is shown as paused, even if it has no tasks', (t) => {
    const bed = testLedger(t);
    bed.add({ type: 'b' });
    bed.ledger.pause('a');
    const paused = bed.ledger.stats().types.map((type) => [type.type, type.paused]);
    assert.deepEqual(paused, [
      ['b', false],
      ['a', true],
    ]);
  });
});

test('at most 10,000 types are paused, and another one can be paused after one was resumed', (t) => {
  const bed = testLedger(t);
  for (let type = 0; type < 10_000; type += 1) assert.ok(bed.ledger.pause(`t${type}`));
  assert.equal(bed.ledger.pause('one-more'), false);
  assert.ok(bed.ledger.pause('t0'), 'it is paused already');
  bed.ledger.resume('t0');
  assert.ok(bed.ledger.pause('one-more'));
  assert.equal(bed.ledger.pause('t0'), false);
});
