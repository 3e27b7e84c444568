import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '../../edge/testing/wait-for.ts';
import { job } from '../testing/held-tasks.ts';
import { openPool, run } from '../testing/lanes/open-pool.ts';
import { ThreadExit } from '../threads/open-jobs.ts';

test('progress and log lines of a task arrive in order', async (t) => {
  const { pool, messages } = openPool(t);
  const talking = job({ do: 'log' });
  const { id: jobId } = talking;
  await run(pool, talking).outcome;
  const reporting = job({ do: 'say progress', value: [{ percent: 50 }, 'done'] });
  await run(pool, reporting).outcome;
  await waitFor('all messages', () => messages.length === 5);
  assert.deepEqual(messages.slice(0, 3), [
    { kind: 'log', jobId, level: 'info', message: 'first', details: { step: 1 } },
    { kind: 'log', jobId, level: 'warn', message: 'second' },
    { kind: 'log', jobId, level: 'error', message: 'last' },
  ]);
  assert.deepEqual(
    messages.slice(3).map((message) => message.kind === 'progress' && message.value),
    [{ percent: 50 }, 'done'],
  );
});

test('a shared thread runs one waiting task per slot at once', async (t) => {
  const { pool, messages } = openPool(t, { tasksPerThread: 20 });
  const startedAt = performance.now();
  const running = Array.from({ length: 20 }, () => run(pool, job({ do: 'sleep', ms: 500 })));
  await waitFor('all to run', () => messages.length === 20);
  const outcomes = await Promise.all(running.map(({ outcome }) => outcome));
  assert.ok(outcomes.every((outcome) => 'result' in outcome));
  assert.ok(performance.now() - startedAt < 5000, 'they ran one after the other');
});

test('tasks that start together on a shared thread end independently', async (t) => {
  const { pool } = openPool(t, { tasksPerThread: 20 });
  const order: unknown[] = [];
  const ms = [1000, 1, 300, 300, 650];
  await Promise.all(
    ms.map(async (ms, index) => {
      await run(pool, job({ do: 'sleep', ms })).outcome;
      order.push(index);
    }),
  );
  assert.deepEqual(order, [1, 2, 3, 4, 0]);
});

for (const [lane, tasksPerThread] of [
  ['a shared thread', 2],
  ['a thread of its own', 1],
] as const) {
  test(`code that a task leaves behind on ${lane} harms no later task and is reported`, async (t) => {
    const { pool, messages } = openPool(t, { tasksPerThread });
    const bomb = job({ do: 'leave a bomb', ms: 50 });
    assert.deepEqual(await run(pool, bomb).outcome, { result: '"left"' });
    assert.deepEqual(await run(pool, job({ do: 'sleep', ms: 300 })).outcome, { result: '"slept"' });
    const word = () => messages.find((message) => message.kind === 'stray');
    await waitFor('the word', () => word() !== undefined);
    assert.partialDeepStrictEqual(word(), { jobId: bomb.id });
  });
}

test('the jobs of a batch run one after the other, and each end is reported before the next start', async (t) => {
  const { pool, messages, started } = openPool(t);
  const [first, second] = [job({ do: 'return', value: 'first' }), job({ do: 'spin', ms: 60_000 })];
  const [one, other] = pool.start([first, second]);
  assert.ok(one && other);
  assert.deepEqual((await one.end).outcome, { result: '"first"' });
  await started(second);
  assert.equal(messages.length, 1);
  assert.equal(other.takeBack(), false, 'it had begun');
  await other.thread.end();
  await assert.rejects(other.end, ThreadExit);
});

test('a job that has not started can be taken back and never runs', async (t) => {
  const { pool, messages, started } = openPool(t);
  const orders = [job({ do: 'spin', ms: 300 }), job({ do: 'sleep', ms: 1 }), job({ do: 'sleep', ms: 2 })];
  const [spinning, taken, last] = pool.start(orders);
  assert.ok(spinning && taken && last);
  await started(orders[0] ?? assert.fail());
  assert.equal(taken.takeBack(), true);
  assert.equal(taken.takeBack(), false, 'it was taken back twice');
  assert.equal(spinning.takeBack(), false, 'it had begun');
  const { outcome, ms } = await last.end;
  assert.deepEqual(outcome, { result: '"slept"' });
  assert.ok(ms >= 1 && ms < 200, `a sleep of 2 ms ran for ${ms} ms`);
  assert.deepEqual(
    messages.map(({ jobId }) => jobId),
    [spinning.id, last.id],
  );
});

test('jobs that have not started can still be taken back when the thread ends', async (t) => {
  const { pool } = openPool(t);
  const [exiting, queued] = pool.start([job({ do: 'exit', value: 3 }), job({ do: 'return', value: 1 })]);
  assert.ok(exiting && queued);
  await assert.rejects(exiting.end, ThreadExit);
  assert.equal(queued.takeBack(), true);
});
