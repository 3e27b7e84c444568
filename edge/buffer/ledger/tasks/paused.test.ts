import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testLedger } from '../testing.ts';

const idsOf = (tasks: readonly { id: string }[]) => tasks.map((task) => task.id);

describe('a paused type', () => {
  test('is not claimed, by a batch or alone, while others are', (t) => {
    const bed = testLedger(t);
    const [paused, other] = [bed.add({ type: 'a' }), bed.add({ type: 'b' })];
    bed.ledger.pause('a');
    assert.deepEqual(bed.ledger.claimOne(paused), { paused: true });
    const grant = bed.claim(['a', 'b']);
    assert.deepEqual([grant.ids, grant.ready], [[other], 0]);
    assert.equal(bed.state(paused), 'ready');
  });

  test('is not offered as ready, wakes nobody, and is alive', (t) => {
    const bed = testLedger(t);
    const id = bed.add();
    bed.ledger.pause('a');
    assert.deepEqual(bed.ledger.ready(10), []);
    assert.equal(bed.ledger.claimable('any').size, 0);
    assert.equal(bed.ledger.claimable(['a']).size, 0);
    assert.deepEqual(idsOf(bed.ledger.listActive(10)), [id]);
  });

  test('is handed out again once it is resumed, in its order', (t) => {
    const bed = testLedger(t);
    bed.ledger.pause('a');
    bed.ledger.pause('a');
    const ids = bed.addMany(3);
    bed.ledger.resume('a');
    bed.ledger.resume('a');
    assert.deepEqual(bed.claim(['a']).ids, ids);
  });

  test('goes on with what runs', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    bed.ledger.pause('a');
    assert.equal(bed.succeed(id, leaseId).state, 'completed');
  });

  test('is shown as paused, also where it has no tasks', (t) => {
    const bed = testLedger(t);
    bed.add({ type: 'b' });
    bed.ledger.pause('a');
    const paused = bed.ledger.stats([]).types.map((type) => [type.type, type.paused]);
    assert.deepEqual(paused, [
      ['b', false],
      ['a', true],
    ]);
  });
});
