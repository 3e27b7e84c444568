import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '../../edge/testing/wait-for.ts';
import { FakeEdge } from '../testing/fake-edge.ts';
import { roundsFor } from '../testing/native-call.ts';
import { flagsFor, startCli } from '../testing/start-cli.ts';

test('a stopped runner ends in bounded time although a native call continues', async (t) => {
  const edge = await FakeEdge.start(t);
  const id = edge.ledger.add('cpu-fixture', { do: 'compute natively', ms: roundsFor(120_000) });
  const cli = startCli(t, [...flagsFor(edge), '--drain-timeout', '0']);
  await cli.says(`Processing task ${id}`);
  await waitFor('the task to run', () =>
    edge.heartbeats.some(({ leases }) => leases.some(({ progress = [] }) => progress.length > 0)),
  );
  const stoppedAt = performance.now();
  cli.process.kill('SIGTERM');
  assert.equal(await cli.ended, 'SIGTERM');
  assert.ok(performance.now() - stoppedAt < 15_000, `${performance.now() - stoppedAt} ms`);
  assert.match(cli.stdout(), /The thread of task .* \(type cpu-fixture\) does not end/);
  assert.match(cli.stdout(), /Task Consumer stopped\n$/);
  assert.notEqual(edge.ledger.stateOf(id), 'failed');
});

test('native calls of tasks do not block the name lookups of the runner, so it renews its leases', async (t) => {
  const edge = await FakeEdge.start(t);
  const url = (loopback: string) => loopback.replace('127.0.0.1', 'localhost');
  const order = { do: 'compute in the background', ms: roundsFor(60_000), value: 2 };
  const ids = [1, 2].map(() => edge.ledger.add('io-fixture', order));
  const flags = flagsFor({ queueUrl: url(edge.queueUrl), apiUrl: url(edge.apiUrl) });
  const cli = startCli(t, [...flags, '--lease-seconds', '3']);
  for (const id of ids) await cli.says(`Processing task ${id}`);
  // The next heartbeat needs a connection, which needs a name lookup.
  edge.fail('/tasks/heartbeat', { drop: 'after' });
  const before = edge.callsTo('/tasks/heartbeat').length;
  await waitFor('more heartbeats', () => edge.callsTo('/tasks/heartbeat').length > before + 3, 15_000);
  assert.ok(ids.every((id) => edge.ledger.attemptOf(id) === 1));
  assert.doesNotMatch(cli.stdout(), /was lost/);
});
