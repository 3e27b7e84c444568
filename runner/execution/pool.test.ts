import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { settlesWithin, waitFor } from '../../edge/testing/wait-for.ts';
import { job, newTaskId, type Order } from '../testing/held-tasks.ts';
import { roundsFor } from '../testing/native-call.ts';
import { threadEnv } from '../threads/thread-env.ts';
import type { ThreadMessage } from '../threads/thread-messages.ts';
import type { Job } from '../threads/thread-protocol.ts';
import { type PoolOptions, ThreadPool } from './pool.ts';
import { type RunningJob, ThreadExit } from './running-job.ts';

function openPool(t: TestContext, options: Partial<PoolOptions> = {}) {
  const messages: ThreadMessage[] = [];
  const onMessage = (message: ThreadMessage) => void messages.push(message);
  const strays: string[] = [];
  const problems: string[] = [];
  const onStrayError = ({ message }: Error) => void strays.push(message);
  const pool = new ThreadPool({
    threads: 1,
    tasksPerThread: 1,
    env: threadEnv(process.env),
    heapMb: undefined,
    onMessage,
    onStrayError,
    onBadMessage: (problem) => void problems.push(problem),
    onLeaving: () => {},
    onBlocked: () => {},
    onSlots: () => {},
    ...options,
  });
  t.after(() => pool.close());
  // The pool's threads keep no process alive by themselves; the runner's timers do.
  const keepAlive = setInterval(() => {}, 1000);
  t.after(() => clearInterval(keepAlive));
  const isRunning = (id: number) => messages.some((message) => message.jobId === id);
  const started = ({ id }: Job) => waitFor('the job to run', () => isRunning(id));
  return { pool, messages, problems, strays, started };
}

/** Starts a job by itself. */
function run(pool: ThreadPool, one: Job) {
  const [running] = pool.start([one]);
  assert.ok(running);
  const outcome = running.end.then((end) => end.outcome);
  outcome.catch(() => {});
  return { ...running, outcome };
}

const exitOf = ({ end }: RunningJob): Promise<unknown> =>
  end.then(
    () => assert.fail('expected the thread to end'),
    (exit: unknown) => exit,
  );

test('every way in which a task can end is an outcome, and the pool goes on', async (t) => {
  const { pool } = openPool(t);
  const outcomeOf = (order: Order | Record<string, unknown>) => run(pool, job(order)).outcome;
  const invalid = { code: 'invalid_result', retryable: false };

  await t.test('a result comes back as JSON text', async () => {
    const value = { n: 1, text: '"quoted" ✅', list: [null, true], at: new Date(0) };
    assert.deepEqual(await outcomeOf({ do: 'return', value }), { result: JSON.stringify(value) });
    assert.deepEqual(await outcomeOf({ do: 'return', value: null }), { result: 'null' });
  });

  await t.test('no result is a success without one', async () => {
    assert.deepEqual(await outcomeOf({ do: 'return' }), { result: undefined });
  });

  await t.test('a task never runs on the main thread', async () => {
    const outcome = await outcomeOf({ do: 'where' });
    assert.match('result' in outcome ? (outcome.result ?? '') : '', /"isMainThread":false/);
  });

  await t.test('a task knows its id, its attempt, its timeout and the data folder', async () => {
    const known = { ...job({ do: 'context' }), timeoutSeconds: 7 };
    const result = JSON.stringify({ taskId: known.taskId, attempt: 1, timeoutSeconds: 7, dataDir: '/data' });
    assert.deepEqual(await run(pool, known).outcome, { result });
  });

  await t.test('a thrown Error keeps its name and message and may be retried', async () => {
    const error = { code: 'task_error', name: 'RangeError', message: 'out of range', retryable: true };
    assert.deepEqual(await outcomeOf({ do: 'throw' }), { error });
  });

  await t.test('anything else that is thrown is shown', async () => {
    const message = 'The task threw string "plain text" instead of an Error';
    assert.deepEqual(await outcomeOf({ do: 'throw text' }), { error: { code: 'task_error', message } });
  });

  await t.test('a NonRetryableError is not retried', async () => {
    const error = { code: 'task_error', name: 'NonRetryableError', message: 'no attempt can help' };
    assert.deepEqual(await outcomeOf({ do: 'throw for good' }), { error: { ...error, retryable: false } });
  });

  for (const message of [42, { reason: 'an object' }]) {
    await t.test(`an error whose message is a ${typeof message} is told in text`, async () => {
      const outcome = await outcomeOf({ do: 'throw an odd error', value: message });
      assert.equal('error' in outcome && typeof outcome.error.message, 'string');
    });
  }

  await t.test('a payload that does not match is not retried, and each field is named', async () => {
    const outcome = await outcomeOf({ do: 'dance', ms: 'long' });
    assert.ok('error' in outcome);
    assert.equal(outcome.error.code, 'invalid_payload');
    assert.equal(outcome.error.retryable, false);
    assert.match(outcome.error.message, /do: .*; ms: .*/);
  });

  for (const [what, named] of [
    ['return a function', /"compute" is a function/],
    ['return a bigint', /"count" is a bigint/],
    ['return a Map', /it is a Map/],
    ['return a circle', /circular/],
  ] as const) {
    await t.test(`to ${what} fails for good, with the reason`, async () => {
      const outcome = await outcomeOf({ do: what });
      assert.ok('error' in outcome);
      const { message, ...rest } = outcome.error;
      assert.deepEqual(rest, invalid);
      assert.match(message, named);
    });
  }

  await t.test('a result of 256 KB is kept, one of a byte more fails for good', async () => {
    const text = (bytes: number) => 'x'.repeat(bytes - 2);
    assert.ok('result' in (await outcomeOf({ do: 'return', value: text(262_144) })));
    const outcome = await outcomeOf({ do: 'return', value: text(262_145) });
    assert.ok('error' in outcome);
    assert.equal(outcome.error.code, 'result_too_large');
    assert.equal(outcome.error.retryable, false);
    assert.match(outcome.error.message, /262145 bytes/);
  });

  await t.test('the size of a result is counted in bytes, not in characters', async () => {
    const outcome = await outcomeOf({ do: 'return', value: '€'.repeat(100_000) });
    assert.equal('error' in outcome && outcome.error.code, 'result_too_large');
  });

  await t.test('a task that exits ends its thread', async () => {
    const exit = await exitOf(run(pool, job({ do: 'exit', value: 3 })));
    assert.ok(exit instanceof ThreadExit);
    assert.match(exit.message, /3/);
  });

  await t.test('an exception in a timer of a task is its failure', async () => {
    const outcome = await outcomeOf({ do: 'crash in a timer' });
    assert.match('error' in outcome ? outcome.error.message : '', /thrown in a timer/);
  });

  await t.test('after all of that the pool still runs tasks', async () => {
    assert.deepEqual(await outcomeOf({ do: 'return', value: 'alive' }), { result: '"alive"' });
  });
});

test('a kill ends the spinning job alone and settles only after its thread has exited', async (t) => {
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

test('threads that do not end are replaced up to a bound, then their places wait for one to exit', async (t) => {
  const { pool, started } = openPool(t);
  const order = { do: 'compute natively', ms: roundsFor(6000) } as const;
  const exits: Promise<unknown>[] = [];
  for (const slots of [1, 1, 0]) {
    const blocked = job(order);
    const running = run(pool, blocked);
    exits.push(exitOf(running));
    await started(blocked);
    await sleep(300);
    void running.thread.end();
    assert.equal(pool.slots, slots);
  }
  assert.throws(() => pool.start([job({ do: 'return' })]), /no thread/);
  assert.ok((await Promise.race(exits)) instanceof ThreadExit);
  assert.equal(pool.slots, 1);
  assert.deepEqual(await run(pool, job({ do: 'return', value: 1 })).outcome, { result: '1' });
  await Promise.all(exits);
});

test('an abort reaches the signal of its task and of no other', async (t) => {
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

test('an abort does not outlive its attempt: the next attempt of the task on another thread runs', async (t) => {
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
    { kind: 'log', jobId, level: 'warn', message: 'second', details: undefined },
    { kind: 'log', jobId, level: 'error', message: 'last', details: undefined },
  ]);
  assert.deepEqual(
    messages.slice(3).map((message) => message.kind === 'progress' && message.value),
    [{ percent: 50 }, 'done'],
  );
});

test('a shared thread runs as many waiting tasks at once as it has slots', async (t) => {
  const { pool, messages } = openPool(t, { tasksPerThread: 20 });
  const startedAt = performance.now();
  const running = Array.from({ length: 20 }, () => run(pool, job({ do: 'sleep', ms: 500 })));
  await waitFor('all to run', () => messages.length === 20);
  const outcomes = await Promise.all(running.map(({ outcome }) => outcome));
  assert.ok(outcomes.every((outcome) => 'result' in outcome));
  assert.ok(performance.now() - startedAt < 5000, 'they ran one after the other');
});

test('tasks that start together on a shared thread end each at its own time', async (t) => {
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
  test(`what a task leaves behind on ${lane} harms no later task, and is told`, async (t) => {
    const { pool, messages } = openPool(t, { tasksPerThread });
    const bomb = job({ do: 'leave a bomb', ms: 50 });
    assert.deepEqual(await run(pool, bomb).outcome, { result: '"left"' });
    assert.deepEqual(await run(pool, job({ do: 'sleep', ms: 300 })).outcome, { result: '"slept"' });
    const { taskId, leaseId, attempt } = bomb;
    const word = () => messages.find((message) => message.kind === 'stray');
    await waitFor('the word', () => word() !== undefined);
    assert.partialDeepStrictEqual(word(), { ids: { taskId, leaseId, attempt } });
  });
}

test('jobs of a batch run one after the other, and each end is reported before the next starts', async (t) => {
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

test('a job that has not begun can be taken back, and never runs', async (t) => {
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

test('where the thread ends, what has not begun can be taken back still', async (t) => {
  const { pool } = openPool(t);
  const [exiting, queued] = pool.start([job({ do: 'exit', value: 3 }), job({ do: 'return', value: 1 })]);
  assert.ok(exiting && queued);
  await assert.rejects(exiting.end, ThreadExit);
  assert.equal(queued.takeBack(), true);
});

test('to close ends every thread and every job', async (t) => {
  const { pool, started } = openPool(t, { threads: 2 });
  const spinning = job({ do: 'spin', ms: 60_000 });
  const exit = exitOf(run(pool, spinning));
  await started(spinning);
  await pool.close();
  assert.ok((await exit) instanceof ThreadExit);
});
