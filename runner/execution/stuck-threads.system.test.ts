import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '../../edge/testing/wait-for.ts';
import { measuredRunner } from '../testing/measured-runner.ts';
import { roundsFor } from '../testing/native-call.ts';

test('/ready, the metrics and claims show a stuck thread until it has ended', async (t) => {
  const { edge, ledger, run, runner, add, isRunning, get, scrape } = await measuredRunner(t);
  const abouts = () => edge.claims.flatMap(({ about }) => about ?? []);
  const gauge = async () => (await scrape()).value('task_runner_threads_stuck{lane="cpu"}');
  const taskId = add({ do: 'compute natively', ms: roundsFor(9000) }, { timeoutSeconds: 0.1 });
  void run();
  await isRunning(taskId);
  assert.equal(await gauge(), 0);
  // Otherwise the task would run again.
  ledger.rows.delete(taskId);
  await waitFor('it to be stuck', async () => (await gauge()) === 1);
  const ready = JSON.parse((await get('/ready')).text);
  assert.partialDeepStrictEqual(ready, {
    status: 'ready',
    stuck: [{ lane: 'cpu', type: 'cpu-fixture', taskId }],
  });
  assert.ok(ready.stuck[0].endingSeconds >= 5, `${ready.stuck[0].endingSeconds} s`);
  await waitFor('a claim that reports it', () => abouts().at(-1)?.stuck?.[0]?.taskId === taskId);
  const other = add({ do: 'return' });
  await waitFor('another task', () => ledger.stateOf(other) === 'completed');

  await waitFor('its end', async () => (await gauge()) === 0, 90_000);
  await waitFor('a claim that reports it', () => abouts().at(-1)?.stuck === undefined);
  assert.equal((await get('/ready')).text, '{"status":"ready"}');
  runner.stop();
});
