import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { MINUTE, SECOND, START, testLedger } from '../testing.ts';

test('a success completes the task and keeps its result', (t) => {
  const bed = testLedger(t);
  const { id, leaseId } = bed.held({}, { runner: 'box-7' });
  bed.now += SECOND;
  const result = JSON.stringify({ text: 'é€😀"\\\u0000\ud800' });
  assert.deepEqual(bed.succeed(id, leaseId, result), { taskId: id, state: 'completed' });
  const row = bed.row(id);
  assert.deepEqual([row.state, row.result, row.error, row.completedAt], ['completed', result, null, bed.now]);
  assert.deepEqual(row.attempts, [{ attempt: 1, runner: 'box-7', startedAt: START, endedAt: bed.now }]);
});

test('a success without a result differs from a success with the result null', (t) => {
  const bed = testLedger(t);
  const without = bed.held();
  const empty = bed.held();
  bed.succeed(without.id, without.leaseId);
  bed.succeed(empty.id, empty.leaseId, 'null');
  assert.deepEqual([bed.row(without.id).result, bed.row(empty.id).result], [null, 'null']);
});

test('a hundred results of 256 KB in one report are stored in full', (t) => {
  const bed = testLedger(t);
  bed.addMany(100);
  const { ids, leaseId } = bed.claim(['a']);
  const result = JSON.stringify('"'.repeat(128 * 1024 - 1));
  bed.ledger.settle(ids.map((taskId) => ({ taskId, leaseId, success: true, result })));
  assert.ok(ids.every((id) => bed.row(id).result === result));
});

describe('retry', () => {
  test('after a failed attempt, a task waits for a random time below a ceiling that doubles from 1 s', (t) => {
    const bed = testLedger(t);
    const id = bed.add({ maxAttempts: 5 });
    for (const [random, delay] of [[0.5, 500] as const, [0.5, 1000] as const, [0.999, 3996] as const]) {
      bed.random = random;
      const { leaseId } = bed.claim(['a']);
      const runAt = bed.now + delay;
      assert.deepEqual(bed.fail(id, leaseId), { taskId: id, state: 'scheduled', runAt });
      assert.equal(bed.row(id).runAt, runAt);
      assert.equal(bed.ledger.nextTickAt(), runAt);
      bed.now = runAt;
    }
  });

  test('a waiting task is claimed when its time has come, not before', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    bed.fail(id, leaseId);
    bed.now += 499;
    assert.deepEqual(bed.claim(['a']).ids, []);
    bed.now += 1;
    const again = bed.claim(['a']);
    assert.deepEqual(again.ids, [id]);
    assert.equal(again.tasks[0]?.attempt, 2);
  });

  test('a jitter of zero makes the task ready at once', (t) => {
    const bed = testLedger(t);
    bed.random = 0;
    const { id, leaseId } = bed.held();
    assert.deepEqual(bed.fail(id, leaseId), { taskId: id, state: 'ready', runAt: START });
    assert.deepEqual(bed.claim(['a']).ids, [id]);
  });

  test('a task fails permanently when its last attempt fails', (t) => {
    const bed = testLedger(t);
    bed.random = 0;
    const id = bed.add();
    const states = [1, 2, 3].map(() => bed.fail(id, bed.claim(['a']).leaseId).state);
    assert.deepEqual(states, ['ready', 'ready', 'failed']);
    const { completedAt, error, attempts } = bed.row(id);
    assert.deepEqual([completedAt, error], [START, { code: 'broken', message: 'It broke' }]);
    assert.deepEqual(
      attempts.map((attempt) => attempt.attempt),
      [1, 2, 3],
    );
    assert.deepEqual(bed.claim(['a']).ids, []);
  });

  test('an error that is not retryable fails the task at once, and is stored without `retryable`', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    const error = { code: 'invalid_payload', message: 'No such user', retryable: false };
    assert.deepEqual(bed.fail(id, leaseId, { error }), { taskId: id, state: 'failed' });
    assert.deepEqual(bed.row(id).error, { code: 'invalid_payload', message: 'No such user' });
  });

  test('an error that is retryable is retried', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    const error = { code: 'x', message: 'x', retryable: true };
    assert.equal(bed.fail(id, leaseId, { error }).state, 'scheduled');
  });

  test('a failure without a reason gets a default error', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    bed.fail(id, leaseId, { error: undefined });
    assert.equal(bed.row(id).error?.code, 'task_error');
  });

  test('a success after failures removes the task error, but keeps the failed attempts', (t) => {
    const bed = testLedger(t);
    bed.random = 0;
    const { id, leaseId } = bed.held();
    bed.fail(id, leaseId);
    bed.succeed(id, bed.claim(['a']).leaseId);
    const { error, attempts } = bed.row(id);
    assert.equal(error, null);
    assert.deepEqual(
      attempts.map((attempt) => attempt.error?.code),
      ['broken', undefined],
    );
  });

  test('a task keeps its last ten attempts', (t) => {
    const bed = testLedger(t);
    bed.random = 0;
    const id = bed.add({ maxAttempts: 100 });
    for (let attempt = 1; attempt <= 13; attempt++) {
      const { leaseId } = bed.claim(['a'], { runner: `runner-${attempt}` });
      bed.fail(id, leaseId, { error: { code: 'n', message: `${attempt}` } });
    }
    const kept = bed.row(id).attempts.map(({ attempt, runner, error }) => [attempt, runner, error?.message]);
    assert.deepEqual(
      kept,
      Array.from({ length: 10 }, (_, n) => [n + 4, `runner-${n + 4}`, `${n + 4}`]),
    );
  });
});

describe('settings', () => {
  const retry = { maxAttempts: 2, backoff: { baseSeconds: 10 } };

  test("the report's settings are used if the submission set none", (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    assert.equal(bed.fail(id, leaseId, { retry }).runAt, bed.now + 5 * SECOND);
    assert.equal(bed.row(id).maxAttempts, 2);
    bed.now += MINUTE;
    assert.equal(bed.fail(id, bed.claim(['a']).leaseId, { retry }).state, 'failed');
  });

  test("the submission's settings override the report's settings", (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held({ maxAttempts: 3, backoff: { baseSeconds: 100 } });
    assert.equal(bed.fail(id, leaseId, { retry }).runAt, bed.now + 50 * SECOND);
    bed.now += MINUTE;
    assert.equal(bed.fail(id, bed.claim(['a']).leaseId, { retry }).state, 'scheduled');
  });

  test('each setting is overridden separately', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held({ backoff: { baseSeconds: 100 } });
    bed.fail(id, leaseId, { retry });
    assert.deepEqual([bed.row(id).runAt, bed.row(id).maxAttempts], [bed.now + 50 * SECOND, 2]);
  });

  test('a report that allows one attempt fails a task that had more by default', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    assert.equal(bed.fail(id, leaseId, { retry: { maxAttempts: 1 } }).state, 'failed');
  });

  test('the cap limits the delay', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held({ backoff: { baseSeconds: 100, capSeconds: 20 } });
    assert.equal(bed.fail(id, leaseId).runAt, bed.now + 10 * SECOND);
  });
});

describe('fencing', () => {
  test('a result under another lease is stale and changes nothing', (t) => {
    const bed = testLedger(t);
    const { id } = bed.held();
    const before = bed.row(id);
    assert.deepEqual(bed.succeed(id, randomUUID(), '1'), { taskId: id, state: 'stale' });
    assert.deepEqual(bed.row(id), before);
  });

  test('a result for a task that no lease holds is stale', (t) => {
    const bed = testLedger(t);
    const id = bed.add();
    assert.equal(bed.succeed(id, randomUUID()).state, 'stale');
    assert.equal(bed.state(id), 'ready');
  });

  test('a result for an unknown task gets `unknown`, and the other results are settled', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    const unknown = bed.task().id;
    const outcomes = bed.ledger.settle([
      { taskId: unknown, leaseId, success: true },
      { taskId: id, leaseId, success: true },
    ]);
    assert.deepEqual(outcomes, [
      { taskId: unknown, state: 'unknown' },
      { taskId: id, state: 'completed' },
    ]);
  });

  test('a repeated report gets the first answer, even if its content has changed', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    const first = bed.succeed(id, leaseId, '1');
    bed.now += SECOND;
    const before = bed.row(id);
    assert.deepEqual(bed.succeed(id, leaseId, '2'), first);
    assert.deepEqual(bed.fail(id, leaseId), first);
    assert.deepEqual(bed.row(id), before);
  });

  test('a result that occurs twice in one report gets the first answer twice', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    const outcomes = bed.ledger.settle([
      { taskId: id, leaseId, success: true, result: '1' },
      { taskId: id, leaseId, success: false },
    ]);
    assert.deepEqual(outcomes, Array(2).fill({ taskId: id, state: 'completed' }));
    assert.deepEqual([bed.row(id).result, bed.row(id).attempts.length], ['1', 1]);
  });

  test('a repeated report gets the first answer while the task waits, and uses no further attempt', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    const first = bed.fail(id, leaseId);
    bed.now += 100;
    assert.deepEqual(bed.fail(id, leaseId), first);
    assert.equal(bed.row(id).attempts.length, 1);
    bed.now += SECOND;
    bed.ledger.tick();
    assert.deepEqual(bed.fail(id, leaseId), { ...first, state: 'ready' });
    assert.equal(bed.row(id).attempts.length, 1);
  });

  test('a repeated report is stale once another lease has claimed the task', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    bed.fail(id, leaseId);
    bed.now += SECOND;
    const other = bed.claim(['a']);
    assert.equal(bed.fail(id, leaseId).state, 'stale');
    bed.succeed(id, other.leaseId);
    assert.equal(bed.fail(id, leaseId).state, 'stale');
    assert.equal(bed.state(id), 'completed');
  });

  test('a repeated report gets the first answer even after its lease was deleted', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    const first = bed.succeed(id, leaseId);
    bed.now += 120 * MINUTE;
    bed.ledger.tick();
    assert.deepEqual(bed.succeed(id, leaseId), first);
  });

  test('one report can settle results of several leases', (t) => {
    const bed = testLedger(t);
    const one = bed.held();
    const other = bed.held();
    const outcomes = bed.ledger.settle([
      { taskId: one.id, leaseId: one.leaseId, success: true },
      { taskId: other.id, leaseId: one.leaseId, success: true },
      { taskId: other.id, leaseId: other.leaseId, success: true },
    ]);
    assert.deepEqual(
      outcomes.map((outcome) => outcome.state),
      ['completed', 'stale', 'completed'],
    );
    assert.equal(bed.ledger.nextTickAt(), null);
  });
});

test('a lease keeps its other tasks when some are settled', (t) => {
  const bed = testLedger(t);
  const [done, held] = bed.addMany(2);
  assert.ok(done && held);
  const { leaseId } = bed.claim(['a']);
  bed.succeed(done, leaseId);
  assert.equal(bed.ledger.nextTickAt(), START + 30 * SECOND);
  assert.equal(bed.succeed(held, leaseId).state, 'completed');
  assert.equal(bed.ledger.nextTickAt(), null);
});
