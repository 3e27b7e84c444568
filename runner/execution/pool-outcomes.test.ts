import assert from 'node:assert/strict';
import { test } from 'node:test';
import { job, type Order } from '../testing/held-tasks.ts';
import { exitOf, openPool, run } from '../testing/lanes/open-pool.ts';
import { ThreadExit } from '../threads/open-jobs.ts';

test('every end of a task becomes an outcome, and the pool continues', async (t) => {
  const { pool } = openPool(t);
  const outcomeOf = (order: Order | Record<string, unknown>) => run(pool, job(order)).outcome;
  const invalid = { code: 'invalid_result', retryable: false };

  await t.test('a result is returned as JSON text', async () => {
    const value = { n: 1, text: '"quoted" ✅', list: [null, true], at: new Date(0) };
    assert.deepEqual(await outcomeOf({ do: 'return', value }), { result: JSON.stringify(value) });
    assert.deepEqual(await outcomeOf({ do: 'return', value: null }), { result: 'null' });
  });

  await t.test('a task without a result succeeds without one', async () => {
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

  await t.test('a thrown Error keeps its name and message and is retryable', async () => {
    const error = { code: 'task_error', name: 'RangeError', message: 'out of range', retryable: true };
    assert.deepEqual(await outcomeOf({ do: 'throw' }), { error });
  });

  await t.test('the message shows any other thrown value', async () => {
    const message = 'The task threw string "plain text" instead of an Error';
    assert.deepEqual(await outcomeOf({ do: 'throw text' }), { error: { code: 'task_error', message } });
  });

  await t.test('a NonRetryableError is not retried', async () => {
    const error = { code: 'task_error', name: 'NonRetryableError', message: 'no attempt can help' };
    assert.deepEqual(await outcomeOf({ do: 'throw for good' }), { error: { ...error, retryable: false } });
  });

  for (const message of [42, { reason: 'an object' }]) {
    await t.test(`an error whose message is a ${typeof message} is reported as text`, async () => {
      const outcome = await outcomeOf({ do: 'throw an odd error', value: message });
      assert.equal('error' in outcome && typeof outcome.error.message, 'string');
    });
  }

  await t.test('a payload that does not match is not retried, and the error names each field', async () => {
    const outcome = await outcomeOf({ do: 'dance', ms: 'long' });
    assert.ok('error' in outcome);
    assert.equal(outcome.error.code, 'invalid_payload');
    assert.equal(outcome.error.retryable, false);
    assert.match(outcome.error.message, /do: .*; ms: .*/);
  });

  await t.test('a payload that is not JSON fails only its task, which is not retried', async () => {
    const broken = run(pool, { ...job({ do: 'return' }), payloadText: '{"do":"return",}' }).outcome;
    const absent = run(pool, { ...job({ do: 'return' }), payloadText: undefined }).outcome;
    assert.deepEqual(await outcomeOf({ do: 'return', value: 1 }), { result: '1' });
    const outcome = await broken;
    assert.ok('error' in outcome);
    assert.deepEqual([outcome.error.code, outcome.error.retryable], ['invalid_payload', false]);
    assert.match(outcome.error.message, /^The payload is no JSON: /);
    const without = await absent;
    assert.match('error' in without ? without.error.message : '', /expected object, received undefined/);
  });

  for (const [what, named] of [
    ['return a function', /"compute" is a function/],
    ['return a bigint', /"count" is a bigint/],
    ['return a Map', /it is a Map/],
    ['return a circle', /circular/],
  ] as const) {
    await t.test(`to ${what} fails permanently, with the reason`, async () => {
      const outcome = await outcomeOf({ do: what });
      assert.ok('error' in outcome);
      const { message, ...rest } = outcome.error;
      assert.deepEqual(rest, invalid);
      assert.match(message, named);
    });
  }

  await t.test('a result of 256 KB is kept; a result with one byte more fails permanently', async () => {
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

  await t.test('after all of these the pool still runs tasks', async () => {
    assert.deepEqual(await outcomeOf({ do: 'return', value: 'alive' }), { result: '"alive"' });
  });
});
