import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MINUTE, SECOND, START, testLedger } from '../testing.ts';

test('an immediate task is ready at once', (t) => {
  const bed = testLedger(t);
  assert.equal(bed.state(bed.add()), 'ready');
});

test('a task keeps all the data of its submission', (t) => {
  const bed = testLedger(t);
  const payload = JSON.stringify({ to: 'é€😀', quote: '"\\', zero: '\u0000', half: '\ud800' });
  const id = bed.add({
    payload,
    priority: -7,
    maxAttempts: 9,
    timeoutSeconds: 0.25,
    tags: ['x', '"y"', '\u0000'],
  });
  assert.deepEqual(bed.row(id), {
    id,
    type: 'a',
    state: 'ready',
    payload,
    priority: -7,
    runAt: START,
    receivedAt: START,
    attempt: 0,
    maxAttempts: 9,
    timeoutSeconds: 0.25,
    tags: ['x', '"y"', '\u0000'],
    claimedAt: null,
    completedAt: null,
    error: null,
    result: null,
    progress: null,
    attempts: [],
  });
});

test('a task has three attempts by default', (t) => {
  const bed = testLedger(t);
  assert.equal(bed.row(bed.add()).maxAttempts, 3);
});

test('inserting a known id changes nothing, regardless of the state of its task', (t) => {
  const bed = testLedger(t);
  const task = bed.task({ payload: '"first"' });
  bed.ledger.insert([task]);
  bed.ledger.insert([{ ...task, payload: '"second"', priority: 9 }]);
  assert.equal(bed.row(task.id).payload, '"first"');

  const { leaseId } = bed.claim(['a']);
  bed.ledger.insert([task]);
  assert.equal(bed.state(task.id), 'leased');
  bed.succeed(task.id, leaseId, '"done"');
  bed.ledger.insert([task]);
  assert.equal(bed.state(task.id), 'completed');
  assert.equal(bed.row(task.id).result, '"done"');
});

test('an id that occurs twice in one insert is one task', (t) => {
  const bed = testLedger(t);
  const task = bed.task();
  bed.ledger.insert([task, task]);
  assert.deepEqual(bed.claim(['a']).ids, [task.id]);
});

test('an insert with known ids still inserts its new ids', (t) => {
  const bed = testLedger(t);
  const known = bed.task();
  bed.ledger.insert([known]);
  const fresh = bed.task();
  bed.ledger.insert([known, fresh]);
  assert.deepEqual(bed.claim(['a']).ids, [known.id, fresh.id]);
});

test('an immediate task is due at its creation time, even if it arrives late', (t) => {
  const bed = testLedger(t);
  const task = bed.task();
  bed.now += MINUTE;
  bed.ledger.insert([task]);
  const { runAt, receivedAt } = bed.row(task.id);
  assert.equal(runAt, START);
  assert.equal(receivedAt, START + MINUTE);
});

test('an immediate task with a creation time in the future is due now', (t) => {
  const bed = testLedger(t);
  bed.now += MINUTE;
  const task = bed.task();
  bed.now -= MINUTE;
  bed.ledger.insert([task]);
  assert.equal(bed.state(task.id), 'ready');
  assert.equal(bed.row(task.id).runAt, START);
});

test('a task with a run time in the future is scheduled, otherwise it is ready', (t) => {
  const bed = testLedger(t);
  const ids = [START + 1, START, START - MINUTE].map((runAt) => bed.add({ runAt }));
  assert.deepEqual(bed.states(ids), ['scheduled', 'ready', 'ready']);
});

test('a claim makes a scheduled task ready once its time has come, not before', (t) => {
  const bed = testLedger(t);
  const id = bed.add({ runAt: START + 10 * SECOND });
  bed.now = START + 10 * SECOND - 1;
  assert.deepEqual(bed.claim(['a']).ids, []);
  bed.now += 1;
  assert.deepEqual(bed.claim(['a']).ids, [id]);
});

test('a tick makes a scheduled task ready without a claim', (t) => {
  const bed = testLedger(t);
  const id = bed.add({ runAt: START + 10 * SECOND });
  assert.equal(bed.ledger.nextTickAt(), START + 10 * SECOND);
  bed.now = START + 10 * SECOND - 1;
  bed.ledger.tick();
  assert.equal(bed.state(id), 'scheduled');
  bed.now += 1;
  bed.ledger.tick();
  assert.equal(bed.state(id), 'ready');
  assert.equal(bed.ledger.nextTickAt(), null);
});

test('a task that was scheduled is ordered by its run time among the ready tasks', (t) => {
  const bed = testLedger(t);
  const delayed = bed.add({ runAt: START + 10 * SECOND });
  bed.now = START + 5 * SECOND;
  const early = bed.add();
  bed.now = START + 15 * SECOND;
  const late = bed.add();
  assert.deepEqual(bed.claim(['a']).ids, [early, delayed, late]);
});

test('if more tasks are due than one call makes ready, further ticks make all of them ready', (t) => {
  const bed = testLedger(t);
  bed.addMany(2500, { runAt: START + SECOND });
  bed.now = START + SECOND;
  let ticks = 0;
  for (let at = bed.ledger.nextTickAt(); at !== null && at <= bed.now; at = bed.ledger.nextTickAt()) {
    bed.ledger.tick();
    assert.ok(++ticks <= 10, 'The ticks do not end');
  }
  assert.equal(bed.ledger.list({ states: ['ready'], limit: 5000 }).tasks.length, 2500);
});

test('a failed insert inserts nothing, even if a chunk was already written', (t) => {
  const bed = testLedger(t);
  const good = Array.from({ length: 20 }, () => bed.task({ payload: JSON.stringify('x'.repeat(90_000)) }));
  assert.throws(() => bed.ledger.insert([...good, bed.task({ priority: 0.5 })]), /INTEGER/);
  assert.equal(bed.ledger.list({ limit: 10 }).tasks.length, 0);
  bed.ledger.insert(good);
  assert.equal(bed.ledger.list({ limit: 100 }).tasks.length, 20);
});

test('inserting nothing does nothing', (t) => {
  const bed = testLedger(t);
  bed.ledger.insert([]);
  assert.equal(bed.ledger.nextTickAt(), null);
});

test('if a call has several tasks with one id, the first is inserted, regardless of their options', (t) => {
  const bed = testLedger(t);
  const task = bed.task();
  bed.ledger.insert([{ ...task, tags: ['first'] }, task]);
  assert.deepEqual(bed.row(task.id).tags, ['first']);
});

test('an invalid task is stored as failed with the reason, and is never run', (t) => {
  const bed = testLedger(t);
  const { id } = bed.task();
  bed.ledger.insertFailed({ id, type: 'a', payload: '{"n":1}', reason: 'No such field' });
  const { state, payload, error, completedAt, attempt } = bed.row(id);
  assert.deepEqual([state, payload, completedAt, attempt], ['failed', '{"n":1}', START, 0]);
  assert.deepEqual(error, { code: 'invalid_task', message: 'No such field' });
  assert.deepEqual(bed.claim(['a']).ids, []);
  assert.deepEqual(bed.ledger.retry(id), { refused: 'failed' });
  assert.deepEqual(bed.ledger.retryMany({ state: 'failed', since: 0, limit: 10 }).changed, []);
  const before = bed.row(id);
  bed.now += SECOND;
  bed.ledger.insertFailed({ id, type: 'b', payload: '{}', reason: 'Another' });
  bed.ledger.insert([{ ...bed.task(), id }]);
  assert.deepEqual(bed.row(id), before);
  const known = bed.add();
  bed.ledger.insertFailed({ id: known, type: 'a', payload: '{}', reason: 'Late' });
  assert.equal(bed.state(known), 'ready');
});
