import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settlesWithin } from '../../edge/testing/wait-for.ts';
import { job, newTaskId } from '../testing/held-tasks.ts';
import { exitOf, openPool, run } from '../testing/lanes/open-pool.ts';
import { ThreadExit } from '../threads/open-jobs.ts';

test('a kill ends only the spinning job and settles after its thread has exited', async (t) => {
  const { pool, started } = openPool(t, { threads: 2 });
  const spinning = job({ do: 'spin', ms: 60_000 });
  const neighbour = job({ do: 'sleep', ms: 300 });
  const spinner = run(pool, spinning);
  const beside = run(pool, neighbour);
  await Promise.all([started(spinning), started(neighbour)]);

  const order: string[] = [];
  const exit = exitOf(spinner).finally(() => order.push('outcome'));
  await spinner.thread.end().finally(() => order.push('thread exited'));
  assert.ok((await exit) instanceof ThreadExit);
  assert.ok(order.includes('thread exited'), 'the outcome came while the thread still ran');
  assert.deepEqual(await beside.outcome, { result: '"slept"' });
  assert.deepEqual(await run(pool, job({ do: 'return', value: 1 })).outcome, { result: '1' });
});

test('a job that waits for its thread to start can be killed', async (t) => {
  const { pool, started } = openPool(t);
  const first = job({ do: 'spin', ms: 60_000 });
  const killed = run(pool, first);
  await started(first);
  await Promise.allSettled([killed.thread.end(), killed.outcome]);

  const next = run(pool, job({ do: 'spin', ms: 4000 }));
  const ended = next.outcome.catch(() => 'ended');
  await next.thread.end();
  assert.equal(await settlesWithin(ended, 3000), true, 'the job ran although it was killed');
});

test('an abort reaches only the signal of its task', async (t) => {
  const { pool, started } = openPool(t, { threads: 2 });
  const [one, other] = [job({ do: 'sleep', ms: 60_000 }), job({ do: 'sleep', ms: 200 })];
  const aborted = run(pool, one);
  const beside = run(pool, other);
  await Promise.all([started(one), started(other)]);
  aborted.abort('The time of the task is up');
  const outcome = await aborted.outcome;
  assert.equal('error' in outcome && outcome.error.name, 'AbortError');
  assert.deepEqual(await beside.outcome, { result: '"slept"' });
});

test('an abort affects only its attempt: the next attempt on another thread runs', async (t) => {
  const { pool, started } = openPool(t, { threads: 2 });
  const taskId = newTaskId();
  const firstJob = job({ do: 'sleep', ms: 60_000 }, taskId);
  const first = run(pool, firstJob);
  await started(firstJob);
  first.abort('The time of the task is up');
  await first.outcome;

  const occupying = run(pool, job({ do: 'sleep', ms: 400 }));
  const second = run(pool, { ...job({ do: 'sleep', ms: 200 }, taskId), attempt: 2 });
  assert.deepEqual(await second.outcome, { result: '"slept"' });
  await occupying.outcome;
});

test('close ends every thread and every job', async (t) => {
  const { pool, started } = openPool(t, { threads: 2 });
  const spinning = job({ do: 'spin', ms: 60_000 });
  const exit = exitOf(run(pool, spinning));
  await started(spinning);
  await pool.close();
  assert.ok((await exit) instanceof ThreadExit);
});
