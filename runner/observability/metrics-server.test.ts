import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { Health } from '../../edge/contract/api.ts';
import { ErrorBody } from '../../edge/contract/errors.ts';
import { freePort } from '../../edge/scripts/lib/local-edge.ts';
import { waitFor } from '../../edge/testing/wait-for.ts';
import { FakeEdge } from '../testing/fake-edge.ts';
import { measuredRunner } from '../testing/measured-runner.ts';
import { flagsFor, startCli } from '../testing/start-cli.ts';
import { prepareRunner } from '../testing/start-runner.ts';
import { serveMetrics } from './metrics-server.ts';

const CALLS = ['/health', '/tasks/claim', '/tasks/heartbeat', '/tasks/complete'];

test('a runner is ready while the edge answers, gives the reason if it is not, and is always alive', async (t) => {
  const { edge, run, runner, add, isRunning, get, scrape } = await measuredRunner(t, { leaseSeconds: 1 });
  const goDown = () => CALLS.forEach((path) => void edge.failAlways(path, { drop: 'before' }));
  const isReady = async () => (await get('/ready')).status === 200;
  const isNot = async (status: string, reason: RegExp) => {
    const answer = await get('/ready');
    assert.equal(answer.status, 503);
    const body = ErrorBody.parse(JSON.parse(answer.text));
    assert.deepEqual([body.code, body.status], ['unavailable', status]);
    assert.match(body.error, reason);
    assert.equal((await scrape()).value('task_runner_ready'), 0);
    const health = await get('/health');
    assert.equal(health.status, 200);
    assert.equal(Health.parse(JSON.parse(health.text)).service, 'task-runner');
  };

  await isNot('starting', /^The runner waits for both workers to answer$/);
  goDown();
  const ended = run();
  await waitFor('a call', () => edge.calls.length > 0);
  await waitFor('its failure', async () => /ECONNRESET/.test((await get('/ready')).text));
  await isNot('starting', /^The Consumer Worker at http:\S+ does not answer .*check --queue-url/);
  edge.recover();
  await waitFor('it to be ready', isReady);
  assert.equal((await get('/ready')).text, '{"status":"ready"}');
  assert.equal((await scrape()).value('task_runner_ready'), 1);

  goDown();
  await waitFor('it not to be ready', async () => !(await isReady()));
  await isNot('unreachable', /^Since 20\S+Z: The Consumer Worker at http:\S+ does not answer/);
  edge.recover();
  await waitFor('it to be ready again', isReady);

  const id = add({ do: 'sleep', ms: 300 });
  await isRunning(id);
  runner.stop();
  await isNot('draining', /^The runner is stopping and claims no more tasks$/);
  await ended;
  await isNot('draining', /stopping and claims no more tasks/);
});

test('any other request is answered with 404 and an error in the form of the contract', async (t) => {
  const { get } = await measuredRunner(t);
  for (const [path, method] of [
    ['/', 'GET'],
    ['/metrics/', 'GET'],
    ['//x', 'GET'],
    ['/metrics', 'POST'],
  ] as const) {
    const { status, headers, text } = await get(path, { method });
    assert.deepEqual([status, headers.get('content-type')], [404, 'application/json']);
    assert.deepEqual(ErrorBody.parse(JSON.parse(text)), {
      error: `Nothing is served at ${method} ${path}`,
      code: 'not_found',
    });
  }
  assert.equal((await get('/health?verbose')).status, 200);
});

test('metrics that cannot be collected are answered with 500 and a sentence', async (t) => {
  const { runner } = await prepareRunner(t);
  const lanes = new Map(runner.lanes);
  lanes[Symbol.iterator] = () => {
    throw new Error('too many open files');
  };
  const { name, events, catalog } = runner;
  const options = { host: '127.0.0.1', port: 0, pollIntervalMs: 100, leaseSeconds: 30 };
  const server = await serveMetrics({ name, events, catalog, lanes }, options);
  t.after(() => server.close());
  const answer = await fetch(`http://127.0.0.1:${server.port}/metrics`);
  assert.equal(answer.status, 500);
  assert.deepEqual(await answer.json(), {
    error: 'GET /metrics failed: too many open files. Try again',
    code: 'internal',
  });
});

test('the command serves metrics on the given port until it has drained after SIGTERM', async (t) => {
  const edge = await FakeEdge.start(t);
  const port = await freePort();
  const id = edge.ledger.add('cpu-fixture', { do: 'sleep', ms: 1000 });
  const cli = startCli(t, [...flagsFor(edge), '--metrics-port', String(port)]);
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  await cli.says(`Processing task ${id}`);
  assert.equal((await get('/ready')).status, 200);
  assert.match(await (await get('/metrics')).text(), /^task_runner_tasks\{lane="cpu",state="running"\} 1$/m);
  cli.process.kill('SIGTERM');
  await waitFor('the drain', async () => (await get('/ready')).status === 503);
  assert.equal((await get('/health')).status, 200);
  assert.equal(edge.ledger.stateOf(id), 'leased', 'the task still runs');
  assert.equal(await cli.ended, 0);
  assert.equal(edge.ledger.stateOf(id), 'completed');
  await assert.rejects(get('/health'));
});

test('a port in use ends the command with 1 and a sentence before any claim', async (t) => {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const edge = await FakeEdge.start(t);
  const cli = startCli(t, [...flagsFor(edge), '--metrics-port', String(address.port)]);
  assert.equal(await cli.ended, 1);
  assert.match(
    cli.stderr(),
    new RegExp(
      `^--metrics-port \\(METRICS_PORT\\): port ${address.port} of 127\\.0\\.0\\.1 cannot be used \\(EADDRINUSE\\)`,
    ),
  );
  assert.deepEqual([cli.stdout(), edge.calls.length], ['', 0]);
});
