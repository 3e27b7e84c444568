import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome as ReportOutcome } from '../../edge/contract/api.ts';
import { settlesWithin, waitFor } from '../../edge/testing/wait-for.ts';
import { EdgeClient } from '../connection/edge-client.ts';
import { createBus } from '../events.ts';
import type { HeldTask } from '../held-task.ts';
import { FakeEdge } from '../testing/fake-edge.ts';
import { heldTask } from '../testing/held-tasks.ts';
import type { Outcome } from '../threads/thread-protocol.ts';
import { Reporter } from './reporter.ts';

const NOTHING: Outcome = { result: undefined };

/** A reporter for tasks that a lease in the edge's ledger holds. */
async function openReporter(t: TestContext) {
  const edge = await FakeEdge.start(t);
  const events = createBus();
  const reported: { taskId: string; success: boolean; status: ReportOutcome['status'] }[] = [];
  const retries: string[] = [];
  const acknowledged: HeldTask[] = [];
  events.on('reported', ({ held, success, outcome }) =>
    reported.push({ taskId: held.task.taskId, success, status: outcome.status }),
  );
  events.on('retrying', ({ message }) => retries.push(message));
  const onAnswered = (held: HeldTask) => void acknowledged.push(held);
  const giveUp = new AbortController();
  const reporter = new Reporter({
    client: new EdgeClient(edge),
    events,
    signal: giveUp.signal,
    spacingMs: () => 0,
    onAnswered,
  });
  // The edge closes first, so that no request keeps waiting for its answer.
  t.after(() => giveUp.abort());

  const claim = (count: number, maxAttempts = 3): HeldTask[] => {
    const leaseId = randomUUID();
    for (let i = 0; i < count; i += 1) edge.ledger.add('cpu-fixture', {}, { maxAttempts });
    const wants = [{ types: ['cpu-fixture'], limit: count }];
    const { tasks } = edge.ledger.claim({ leaseId, runner: 'test', wants });
    return tasks.map(({ taskId }) => heldTask({ do: 'return' }, { taskId, leaseId }));
  };
  const claimOne = () => claim(1)[0] ?? assert.fail('nothing was claimed');
  const onReported = (listener: () => void) => void events.on('reported', listener);
  return { edge, reporter, onReported, giveUp, reported, retries, acknowledged, claim, claimOne };
}

test('an outcome is sent at once under its lease, and the answer acknowledges it', async (t) => {
  const { edge, reporter, reported, acknowledged, claimOne } = await openReporter(t);
  const held = claimOne();
  const { taskId } = held.task;
  reporter.add(held, { result: '{"n":1}' });
  await waitFor('the answer', () => reported.length === 1);
  assert.deepEqual(edge.reports[0]?.results, [
    { taskId, leaseId: held.leaseId, success: true, result: { n: 1 } },
  ]);
  assert.deepEqual(reported, [{ taskId, success: true, status: 'completed' }]);
  assert.deepEqual(acknowledged, [held]);
});

test('the text of a result is sent unchanged', async (t) => {
  const { edge, reporter, reported, claimOne } = await openReporter(t);
  const text = '{"b":1.50,"a":[1e3,"é","\\u00e9",12345678901234567890],"": null }';
  reporter.add(claimOne(), { result: text });
  await waitFor('the answer', () => reported.length === 1);
  assert.ok(edge.callsTo('/tasks/complete')[0]?.text.includes(`"result":${text}}`));
});

test('a success without a result is reported without one', async (t) => {
  const { edge, reporter, reported, claimOne } = await openReporter(t);
  reporter.add(claimOne(), NOTHING);
  await waitFor('the answer', () => reported.length === 1);
  assert.ok(!('result' in (edge.reports[0]?.results[0] ?? {})));
});

test('a failure contains its error and the retry settings of its type', async (t) => {
  const { edge, reporter, reported, claimOne } = await openReporter(t);
  const held = claimOne();
  const entry = { ...held.entry, maxAttempts: 7, backoff: { baseSeconds: 2 } };
  const error = { code: 'task_error', name: 'TypeError', message: 'said "no"', retryable: false };
  reporter.add({ ...held, entry }, { error });
  await waitFor('the answer', () => reported.length === 1);
  const [result] = edge.reports[0]?.results ?? [];
  assert.deepEqual(result?.error, { code: 'task_error', message: 'said "no"', retryable: false });
  assert.deepEqual(result?.retry, { maxAttempts: 7, backoff: { baseSeconds: 2 } });
  assert.deepEqual(reported[0]?.status, 'failed');
});

test('a failure that will be retried is reported as pending', async (t) => {
  const { reporter, reported, claimOne } = await openReporter(t);
  reporter.add(claimOne(), { error: { code: 'task_error', message: 'once more' } });
  await waitFor('the answer', () => reported.length === 1);
  assert.deepEqual([reported[0]?.success, reported[0]?.status], [false, 'pending']);
});

test('while one request is in flight, a second one is sent if it is full, but no third', async (t) => {
  const { edge, reporter, reported, claim } = await openReporter(t);
  const answer = Promise.withResolvers<void>();
  edge.fail('/tasks/complete', { hold: answer.promise }, { hold: answer.promise });
  const [first, ...others] = claim(3500);
  assert.ok(first);
  reporter.add(first, NOTHING);
  await waitFor('the first request', () => edge.callsTo('/tasks/complete').length === 1);
  for (const held of others) reporter.add(held, NOTHING);
  await waitFor('the second request', () => edge.callsTo('/tasks/complete').length === 2);
  await sleep(50);
  assert.deepEqual(
    edge.reports.map(({ results }) => results.length),
    [1, 1000],
  );
  answer.resolve();
  await waitFor('all answers', () => reported.length === 3500);
  assert.equal(edge.mostAtOnce('/tasks/complete'), 2);
  await reporter.flush();
});

test('outcomes that arrive during a request are sent together with the next', async (t) => {
  const { edge, reporter, reported, claim } = await openReporter(t);
  const answer = Promise.withResolvers<void>();
  edge.fail('/tasks/complete', { hold: answer.promise });
  const [first, ...rest] = claim(40);
  assert.ok(first);
  reporter.add(first, NOTHING);
  await waitFor('the first request', () => edge.reports.length === 1);
  for (const held of rest) reporter.add(held, NOTHING);
  assert.equal(
    await settlesWithin(
      waitFor('another', () => edge.reports.length > 1),
      150,
    ),
    false,
  );
  answer.resolve();
  await waitFor('all answers', () => reported.length === 40);
  assert.deepEqual(
    edge.reports.map(({ results }) => results.length),
    [1, 39],
  );
});

test('an outcome added a few microtasks after an answer is sent', async (t) => {
  const { reporter, reported, claim, onReported } = await openReporter(t);
  const tasks = claim(30);
  let next = 0;
  onReported(async () => {
    next += 1;
    for (let turn = 0; turn < next; turn += 1) await null;
    const held = tasks[next];
    if (held) reporter.add(held, NOTHING);
  });
  reporter.add(tasks[0] ?? assert.fail(), NOTHING);
  await waitFor('all answers', () => reported.length === tasks.length, 4000);
});

test('a request contains at most a thousand results', async (t) => {
  const { edge, reporter, reported, claim } = await openReporter(t);
  for (let i = 0; i < 5; i += 1) for (const held of claim(500)) reporter.add(held, NOTHING);
  await waitFor('all answers', () => reported.length === 2500);
  assert.ok(edge.reports.every(({ results }) => results.length <= 1000));
  assert.ok(edge.reports.length <= 4, `${edge.reports.length} requests`);
});

test('a request contains at most 8 MB of results, even if they are few', async (t) => {
  const { edge, reporter, reported, claim } = await openReporter(t);
  const large = JSON.stringify('x'.repeat(250_000));
  for (const held of claim(70)) reporter.add(held, { result: large });
  await waitFor('all answers', () => reported.length === 70);
  const sizes = edge.callsTo('/tasks/complete').map((call) => call.text.length);
  assert.ok(
    sizes.every((size) => size <= 8.1 * 1024 * 1024),
    `${sizes}`,
  );
  assert.ok(sizes.length <= 5, `${sizes.length} requests`);
});

test('the size of a request is counted in bytes, not in characters', async (t) => {
  const { edge, reporter, reported, claim } = await openReporter(t);
  const large = JSON.stringify('€'.repeat(87_000));
  for (const held of claim(96)) reporter.add(held, { result: large });
  await waitFor('all answers', () => reported.length === 96);
  const sizes = edge.callsTo('/tasks/complete').map((call) => Buffer.byteLength(call.text));
  assert.ok(
    sizes.every((size) => size <= 8.1 * 1024 * 1024),
    `${sizes}`,
  );
});

test('a report is retried unchanged until it is answered, and acknowledged once', async (t) => {
  const { edge, reporter, reported, retries, acknowledged, claim } = await openReporter(t);
  edge.fail(
    '/tasks/complete',
    { status: 500 },
    { drop: 'before' },
    { drop: 'after' },
    { status: 200, body: '<html>' },
  );
  const held = claim(3);
  for (const one of held) reporter.add(one, { result: '1' });
  await waitFor('the answers', () => reported.length === 3);
  const texts = edge.callsTo('/tasks/complete').map((call) => call.text);
  const first = texts[0] ?? '';
  assert.deepEqual(texts.filter((text) => text === first).length, 5);
  assert.equal(retries.length, 4);
  assert.equal(acknowledged.length, 3);
  assert.ok(reported.every(({ status }) => status === 'completed'));
});

test('a stale or unknown result is not reported again', async (t) => {
  const { edge, reporter, reported, acknowledged, claimOne } = await openReporter(t);
  const stale = claimOne();
  edge.ledger.takeBack(stale.task.taskId);
  reporter.add(stale, { result: '1' });
  reporter.add(heldTask({ do: 'return' }), { result: '1' });
  await waitFor('both answers', () => reported.length === 2);
  assert.deepEqual(
    reported.map(({ status }) => status),
    ['stale', 'unknown'],
  );
  assert.equal(acknowledged.length, 2);
  await reporter.flush();
  assert.ok(edge.reports.length <= 2);
});

test('an outcome that the edge refuses does not block the reports of the others', async (t) => {
  const { reporter, reported, claim } = await openReporter(t);
  const [refused, other] = claim(2);
  assert.ok(refused && other);
  reporter.add(refused, { error: { code: '', message: 'a code of no length is not valid' } });
  reporter.add(other, { result: '1' });
  const isReported = () => reported.some(({ taskId }) => taskId === other.task.taskId);
  await waitFor('the other', isReported, 3000);
});

test('after an answer that asks for a pause, nothing is sent before its end, not even a full request', async (t) => {
  const { edge, reporter, reported, claim } = await openReporter(t);
  edge.spaceMs = 400;
  const [first, ...others] = claim(1101);
  assert.ok(first);
  reporter.add(first, NOTHING);
  await waitFor('the first answer', () => reported.length === 1);
  edge.spaceMs = undefined;
  for (const held of others) reporter.add(held, NOTHING);
  await waitFor('the others', () => reported.length === 1101);
  const [before = 0, after = 0] = edge.callsTo('/tasks/complete').map(({ at }) => at);
  assert.ok(after - before >= 390, `${after - before} ms`);
});

test('flush does not wait for the end of a pause', async (t) => {
  const { edge, reporter, reported, claim } = await openReporter(t);
  edge.spaceMs = 60_000;
  const [first, second] = claim(2);
  assert.ok(first && second);
  reporter.add(first, NOTHING);
  await waitFor('the first answer', () => reported.length === 1);
  reporter.add(second, NOTHING);
  assert.equal(await settlesWithin(reporter.flush(), 5000), true);
  assert.equal(reported.length, 2);
});

test('flush waits until every report is answered', async (t) => {
  const { edge, reporter, reported, claim } = await openReporter(t);
  await reporter.flush();
  edge.fail('/tasks/complete', { status: 500 });
  for (const held of claim(3)) reporter.add(held, NOTHING);
  await reporter.flush();
  assert.equal(reported.length, 3);
});

for (const [what, fault] of [
  ['answers with errors', { status: 503 }],
  ['does not answer at all', { hold: new Promise(() => {}) }],
] as const) {
  test(`the signal gives up unreported outcomes while the edge ${what}`, async (t) => {
    const { edge, reporter, giveUp, reported, claimOne } = await openReporter(t);
    edge.failAlways('/tasks/complete', fault);
    reporter.add(claimOne(), NOTHING);
    await waitFor('the request', () => edge.reports.length > 0);
    giveUp.abort();
    assert.equal(await settlesWithin(reporter.flush(), 3000), true, 'it goes on');
    assert.equal(reported.length, 0);
  });
}
