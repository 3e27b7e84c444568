import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../edge/testing/wait-for.ts';
import { prepareRunner } from '../testing/start-runner.ts';

test('with an edge of version 0.1.0, all tasks of both lanes complete in one attempt', async (t) => {
  const { edge, ledger, run, addMany, settled, counted } = await prepareRunner(t);
  edge.isOld = true;
  const ids = [
    ...addMany(3000, { do: 'return', value: 1 }),
    ...addMany(200, { do: 'sleep', ms: 5 }, { lane: 'io' }),
  ];
  void run();
  await settled();
  assert.ok(ids.every((id) => ledger.attemptOf(id) === 1));
  assert.deepEqual([counted('lost'), counted('failed')], [0, 0]);
  assert.ok(edge.claims.some(({ wants }) => wants.some(({ ahead }) => ahead)));
});

test('if an edge of version 0.1.0 refuses the release of a lease, the runner continues', async (t) => {
  const { edge, ledger, run, add, counted } = await prepareRunner(t, { leaseSeconds: 1 });
  edge.isOld = true;
  edge.fail('/tasks/claim', { hold: sleep(60_000, undefined, { ref: false }) });
  void run();
  await waitFor('the release of the claim that was given up', () => edge.releases.length > 0);
  const id = add({ do: 'return' });
  await waitFor('a task', () => ledger.stateOf(id) === 'completed');
  assert.equal(edge.releases.length, 1);
  assert.equal(counted('lost'), 0);
});

test('an edge of version 0.1.0 gets back tasks that wait behind long ones or that a stopped runner holds', async (t) => {
  const { edge, ledger, run, runner, addMany } = await prepareRunner(t, {
    threads: 1,
    drainTimeoutSeconds: 0,
  });
  edge.isOld = true;
  addMany(3000, { do: 'return' });
  const long = addMany(500, { do: 'sleep', ms: 60_000 });
  const ended = run();
  await waitFor('the short tasks', () => ledger.settled.size === 3000);
  // The edge grants tasks that were given back last, so the runner may hold any of them.
  const held = () => long.filter((id) => (ledger.attemptOf(id) ?? 0) > 0).length;
  await waitFor('the long ones to be given back', () => runner.held <= 4 && held() <= 4, 15_000);
  runner.stop();
  await ended;
  assert.ok(long.filter((id) => ledger.stateOf(id) === 'ready').length >= long.length - 1);
});
