import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepareRunner } from '../testing/start-runner.ts';

test('over a link too slow for a large claim, no task is lost and each task needs one attempt', async (t) => {
  const { edge, ledger, run, addMany, settled, counted } = await prepareRunner(t, {
    ioConcurrency: 64,
    leaseSeconds: 2,
  });
  const ids = addMany(64, { do: 'return', value: 'x'.repeat(30_000) }, { lane: 'io' });
  edge.failAlways('/tasks/claim', { bytesPerSecond: 500_000 });
  void run();
  await settled();
  assert.ok(ids.every((id) => ledger.stateOf(id) === 'completed' && ledger.attemptOf(id) === 1));
  assert.deepEqual([counted('lost'), counted('failed')], [0, 0]);
});
