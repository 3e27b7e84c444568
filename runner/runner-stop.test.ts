import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settlesWithin, waitFor } from '../edge/testing/wait-for.ts';
import { prepareRunner } from './testing/start-runner.ts';

const never = new Promise(() => {});

test('a stopped runner claims no more tasks, lets running tasks end, and reports them', async (t) => {
  const { edge, ledger, run, runner, add, isRunning, counted, unanswered } = await prepareRunner(t, {
    threads: 1,
  });
  const [first, second] = [add({ do: 'sleep', ms: 700 }), add({ do: 'sleep', ms: 700 })];
  const ended = run();
  await isRunning(first);
  runner.stop();
  const claims = edge.claims.length;
  await ended;
  assert.equal(edge.claims.length, claims);
  assert.deepEqual([ledger.stateOf(first), ledger.stateOf(second)], ['completed', 'ready']);
  assert.equal(ledger.attemptOf(second), 0);
  assert.deepEqual([counted('draining'), unanswered()], [1, 0]);
});

test('a stopped runner renews leases while it lets tasks end', async (t) => {
  const { ledger, run, runner, add, isRunning, counted } = await prepareRunner(t, { leaseSeconds: 1 });
  const id = add({ do: 'sleep', ms: 2200 });
  const ended = run();
  await isRunning(id);
  runner.stop();
  await ended;
  assert.deepEqual([ledger.stateOf(id), ledger.attemptOf(id), counted('lost')], ['completed', 1, 0]);
});

test('tasks read ahead that have not started go back, and their attempts are not counted', async (t) => {
  const { edge, ledger, run, runner, addMany, started, unanswered } = await prepareRunner(t);
  const ids = addMany(3000, { do: 'sleep', ms: 3 });
  const ended = run();
  await waitFor('a claim that reads ahead', () =>
    edge.claims.some(({ wants }) => (wants[0]?.limit ?? 0) > 4),
  );
  await waitFor('many to have run', () => ledger.settled.size > 200);
  runner.stop();
  await ended;
  assert.deepEqual([...ledger.settled.keys()].toSorted(), started.toSorted());
  const rest = ids.filter((id) => !ledger.settled.has(id));
  assert.ok(rest.length > 0);
  assert.ok(rest.every((id) => ledger.stateOf(id) === 'ready' && ledger.attemptOf(id) === 0));
  assert.equal(unanswered(), 0);
});

test('tasks of a claim that was in flight at the stop go back without being started', async (t) => {
  const { edge, ledger, run, runner, add, started } = await prepareRunner(t);
  const [cpu, io] = [add({ do: 'sleep', ms: 300 }), add({ do: 'sleep', ms: 300 }, { lane: 'io' })];
  const answer = Promise.withResolvers<void>();
  edge.fail('/tasks/claim', { hold: answer.promise });
  const ended = run();
  await waitFor('the claim', () => edge.claims.length === 1);
  runner.stop();
  assert.equal(await settlesWithin(ended, 100), false, 'it does not wait for the claim');
  answer.resolve();
  await ended;
  assert.deepEqual(started, []);
  assert.deepEqual([ledger.stateOf(cpu), ledger.stateOf(io)], ['ready', 'ready']);
  assert.deepEqual([ledger.attemptOf(cpu), ledger.attemptOf(io)], [0, 0]);
});

test('after the drain timeout a runner ends the threads, then reports the attempts as failed', async (t) => {
  const { edge, ledger, run, runner, addMany, add, isRunning } = await prepareRunner(t, {
    drainTimeoutSeconds: 0.3,
  });
  const ids = [...addMany(2, { do: 'spin', ms: 60_000 }), add({ do: 'sleep', ms: 60_000 }, { lane: 'io' })];
  const ended = run();
  await isRunning(...ids);
  runner.stop();
  assert.equal(await settlesWithin(ended, 5000), true);
  const codes = edge.reports.flatMap(({ results }) => results.map(({ error }) => error?.code));
  assert.deepEqual(codes, ['runner_stopped', 'runner_stopped', 'runner_stopped']);
  for (const id of ids) assert.deepEqual([ledger.stateOf(id), ledger.attemptOf(id)], ['ready', 1]);
});

test('a second stop ends running tasks at once', async (t) => {
  const { ledger, run, runner, add, isRunning } = await prepareRunner(t, { drainTimeoutSeconds: 600 });
  const id = add({ do: 'spin', ms: 60_000 });
  const ended = run();
  await isRunning(id);
  runner.stop();
  assert.equal(await settlesWithin(ended, 200), false);
  runner.stop();
  assert.equal(await settlesWithin(ended, 3000), true);
  assert.deepEqual([ledger.stateOf(id), ledger.attemptOf(id)], ['ready', 1]);
});

test('a second stop does not wait for a claim that the edge does not answer', async (t) => {
  const { edge, run, runner } = await prepareRunner(t);
  edge.failAlways('/tasks/claim', { hold: never });
  const ended = run();
  await waitFor('the claim', () => edge.claims.length === 1);
  runner.stop();
  runner.stop();
  assert.equal(await settlesWithin(ended, 3000), true);
});

test('a stop while the edge does not answer the first call ends the runner', async (t) => {
  const { edge, run, runner } = await prepareRunner(t);
  edge.failAlways('/health', { hold: never });
  const ended = run();
  await waitFor('the call', () => edge.callsTo('/health').length === 1);
  runner.stop();
  assert.equal(await settlesWithin(ended, 3000), true);
});

test('a stop before the edge can be reached ends the runner', async (t) => {
  const { edge, run, runner, counted, unanswered } = await prepareRunner(t);
  edge.failAlways('/health', { drop: 'before' });
  const ended = run();
  await waitFor('some tries', () => counted('retrying') >= 2);
  runner.stop();
  assert.equal(await settlesWithin(ended, 3000), true);
  assert.deepEqual([counted('ready'), unanswered()], [0, 0]);
});

test('tasks that can be neither reported nor given back are counted at the end', async (t) => {
  const { edge, run, runner, add, unanswered } = await prepareRunner(t);
  add({ do: 'return' });
  add({ do: 'return' }, { lane: 'io' });
  const answer = Promise.withResolvers<void>();
  edge.fail('/tasks/claim', { hold: answer.promise });
  const ended = run();
  await waitFor('the claim', () => edge.claims.length === 1);
  edge.failAlways('/tasks/release', { status: 503 });
  edge.failAlways('/tasks/complete', { status: 503 });
  runner.stop();
  answer.resolve();
  assert.equal(await settlesWithin(ended, 12_000), true);
  assert.equal(unanswered(), 2);
});

test('a claim that the edge refuses permanently ends the runner after running tasks were reported', async (t) => {
  const { edge, ledger, run, add, isRunning } = await prepareRunner(t);
  const id = add({ do: 'sleep', ms: 500 });
  const ended = run().then(
    () => 'no error',
    (error: Error) => error.message,
  );
  await isRunning(id);
  const body = JSON.stringify({ error: 'This type was retired', code: 'type_retired' });
  edge.failAlways('/tasks/claim', { status: 422, body });
  assert.match(await ended, /answered 422 to \/tasks\/claim: This type was retired/);
  assert.equal(ledger.stateOf(id), 'completed');
});
