import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { FakeEdge, type Fault } from '../testing/fake-edge.ts';
import { newTaskId } from '../testing/held-tasks.ts';
import { EdgeClient, EdgeError } from './edge-client.ts';

const CALL = { signal: new AbortController().signal };
const CLAIM = { leaseId: randomUUID(), runner: 'test', wants: [{ types: ['test'], limit: 1 }] };

async function messageOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => assert.fail('expected the call to fail'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof EdgeError, `${error}`);
  return error.message;
}

async function claimFailing(t: TestContext, fault: Fault): Promise<{ message: string; url: string }> {
  const edge = await FakeEdge.start(t);
  edge.fail('/tasks/claim', fault);
  return { message: await messageOf(new EdgeClient(edge).claim(CLAIM, CALL)), url: edge.queueUrl };
}

/** A URL with a port on which no process listens. */
async function closedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${address !== null && typeof address === 'object' && address.port}`;
}

test('both workers return their health', async (t) => {
  const edge = await FakeEdge.start(t);
  const client = new EdgeClient(edge);
  assert.equal((await client.queueHealth(CALL)).service, 'queue-buffer-v2');
  assert.equal((await client.apiHealth(CALL)).service, 'task-api-v2');
});

test('claims, heartbeats, reports and releases are sent to the right workers', async (t) => {
  const edge = await FakeEdge.start(t);
  const client = new EdgeClient(edge);
  const taskId = edge.ledger.add('test', { n: 1 });
  const claim = await client.claim(CLAIM, CALL);
  assert.deepEqual(
    [claim.tasks[0]?.taskId, claim.tasks[0]?.payloadText, claim.ready],
    [taskId, '{"n":1}', 0],
  );
  const { leaseId } = CLAIM;
  const beat = await client.heartbeat({ leases: [{ leaseId, holds: [taskId] }] }, CALL);
  assert.equal(beat.extended[0]?.leaseId, leaseId);
  await client.release({ leaseId, taskIds: [taskId] }, CALL);
  const { outcomes } = await client.report(
    JSON.stringify({ results: [{ taskId, leaseId, success: true }] }),
    CALL,
  );
  assert.deepEqual(outcomes, [{ taskId, status: 'stale' }]);
  assert.deepEqual(
    edge.calls.map(({ worker, path }) => `${worker} ${path}`),
    ['queue /tasks/claim', 'queue /tasks/heartbeat', 'queue /tasks/release', 'api /tasks/complete'],
  );
});

test('every call contains the token, and there is no header without a token', async (t) => {
  const edge = await FakeEdge.start(t);
  const told = new EdgeClient({ queueUrl: edge.queueUrl, apiUrl: edge.apiUrl, token: 'secret' });
  await told.claim(CLAIM, CALL);
  await told.apiHealth(CALL);
  await new EdgeClient(edge).claim(CLAIM, CALL);
  assert.deepEqual(
    edge.calls.map((call) => call.authorization),
    ['Bearer secret', 'Bearer secret', undefined],
  );
});

test('a URL may end in slashes or have a path', async (t) => {
  const edge = await FakeEdge.start(t);
  const slashed = new EdgeClient({ queueUrl: `${edge.queueUrl}//`, apiUrl: `${edge.apiUrl}/` });
  await slashed.queueHealth(CALL);
  const nested = new EdgeClient({ queueUrl: `${edge.queueUrl}/v2/`, apiUrl: edge.apiUrl });
  await nested.queueHealth(CALL).catch(() => {});
  assert.deepEqual(
    edge.calls.map((call) => call.path),
    ['/health', '/v2/health'],
  );
});

test('if no process listens, the message names the worker, its URL, the reason and the setting', async () => {
  const url = await closedPort();
  const client = new EdgeClient({ queueUrl: url, apiUrl: url });
  assert.equal(
    await messageOf(client.queueHealth(CALL)),
    `The Consumer Worker at ${url} does not answer (ECONNREFUSED): check --queue-url (QUEUE_WORKER_URL)`,
  );
  assert.equal(
    await messageOf(client.apiHealth(CALL)),
    `The API Worker at ${url} does not answer (ECONNREFUSED): check --api-url (API_WORKER_URL)`,
  );
});

test('a dropped connection is an error that says the worker does not answer', async (t) => {
  const { message } = await claimFailing(t, { drop: 'before' });
  assert.match(message, /^The Consumer Worker at .* does not answer \(\w+\): check --queue-url/);
});

for (const status of [200, 404]) {
  test(`an HTML page with status ${status} is not taken for the worker`, async (t) => {
    const { message, url } = await claimFailing(t, { status, body: '<!doctype html><h1>Welcome</h1>' });
    assert.ok(message.includes(url));
    assert.match(message, /check --queue-url \(QUEUE_WORKER_URL\)/);
  });
}

test('JSON of another service is not taken for the worker', async (t) => {
  const { message } = await claimFailing(t, { status: 200, body: '{"tasks":"none"}' });
  assert.match(message, /does not answer like the Consumer Worker: check --queue-url/);
});

test('an incomplete answer to a claim is refused', async (t) => {
  const { ledger } = await FakeEdge.start(t);
  ledger.add('test', { text: 'of some length' });
  const whole = JSON.stringify(ledger.claim(CLAIM));
  const places = [1, whole.indexOf('tasks') + 3, whole.indexOf('payload') + 15, whole.length - 1];
  for (const body of [...places.map((place) => whole.slice(0, place)), `${whole}}`]) {
    const { message } = await claimFailing(t, { status: 200, body });
    assert.match(message, /does not answer like the Consumer Worker: check --queue-url/, body);
  }
});

test('a payload is not parsed and arrives as its original text', async (t) => {
  const edge = await FakeEdge.start(t);
  edge.ledger.add('test', 'PAYLOAD');
  const text = '{ "a" : nonsense, "payload": ["\\"]}"] }';
  const body = JSON.stringify(edge.ledger.claim(CLAIM)).replace('"PAYLOAD"', text);
  edge.fail('/tasks/claim', { status: 200, body });
  const { tasks } = await new EdgeClient(edge).claim(CLAIM, CALL);
  assert.deepEqual(
    tasks.map(({ payloadText }) => payloadText),
    [text],
  );
  assert.ok(!tasks.some((task) => 'payload' in task));
});

test('if the two URLs are swapped, the message names the service that answers and the expected one', async (t) => {
  const edge = await FakeEdge.start(t);
  const swapped = new EdgeClient({ queueUrl: edge.apiUrl, apiUrl: edge.queueUrl });
  assert.equal(
    await messageOf(swapped.queueHealth(CALL)),
    `${edge.apiUrl} answers as task-api-v2, expected queue-buffer-v2: check --queue-url (QUEUE_WORKER_URL)`,
  );
  assert.equal(
    await messageOf(swapped.apiHealth(CALL)),
    `${edge.queueUrl} answers as queue-buffer-v2, expected task-api-v2: check --api-url (API_WORKER_URL)`,
  );
});

test('the error for a refused token names the setting', async (t) => {
  const body = JSON.stringify({ error: 'This token is not valid for this call', code: 'unauthorized' });
  const { message, url } = await claimFailing(t, { status: 401, body });
  assert.equal(
    message,
    `The Consumer Worker at ${url} answered 401 to /tasks/claim: This token is not valid for this call; check --token (RUNNER_TOKEN)`,
  );
});

test('an error of the contract keeps its sentence', async (t) => {
  const body = JSON.stringify({ error: 'The ledger is full', code: 'unavailable', issues: [] });
  const { message, url } = await claimFailing(t, { status: 503, body });
  assert.equal(message, `The Consumer Worker at ${url} answered 503 to /tasks/claim: The ledger is full`);
});

for (const [status, code, permanent] of [
  [400, 'invalid_request', true],
  [404, 'not_found', false],
  [401, 'token_expired', false],
  [403, 'address_refused', false],
  [408, 'too_slow', false],
  [409, 'in_another_region', true],
  [422, 'type_retired', true],
  [425, 'too_early', false],
  [429, 'quota_used_up', false],
  [503, 'moving', false],
] as const) {
  test(`a refusal with status ${status} and code ${code} is ${permanent ? 'permanent' : 'temporary'}`, async (t) => {
    const edge = await FakeEdge.start(t);
    const body = JSON.stringify({ error: 'The edge says why', code, more: 1 });
    edge.fail('/tasks/claim', { status, body });
    const error = await new EdgeClient(edge).claim(CLAIM, CALL).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof EdgeError);
    assert.equal(error.permanent, permanent);
    assert.match(error.message, new RegExp(`answered ${status} to /tasks/claim: The edge says why`));
  });
}

for (const status of [301, 302, 303, 307, 308]) {
  test(`a redirect with status ${status} is not followed, and its error names the origin and the setting`, async (t) => {
    const [edge, other] = [await FakeEdge.start(t), await FakeEdge.start(t)];
    const location = `${other.queueUrl}/tasks/claim?secret=1`;
    for (const path of ['/tasks/claim', '/tasks/complete']) edge.fail(path, { status, location });
    const client = new EdgeClient(edge);
    await assert.rejects(client.claim(CLAIM, CALL), {
      permanent: true,
      message: `The Consumer Worker at ${edge.queueUrl} answered ${status} to /tasks/claim, a redirect to ${other.queueUrl}, and the runner follows no redirects: correct --queue-url (QUEUE_WORKER_URL)`,
    });
    // A permanent refusal of a report would fail its task.
    await assert.rejects(client.report('{"results":[]}', CALL), {
      permanent: false,
      message: /answered 30\d to \/tasks\/complete, a redirect to .*: correct --api-url \(API_WORKER_URL\)$/,
    });
    assert.deepEqual(other.calls, []);
  });
}

test('the error of a redirect without a usable address names the setting', async (t) => {
  for (const location of [undefined, 'data:,x', 'http://[']) {
    const { message } = await claimFailing(t, { status: 307, ...(location && { location }) });
    assert.match(message, /a redirect, and the runner follows no redirects: correct --queue-url/);
  }
});

test('a call that exceeds its timeout fails as unanswered', async (t) => {
  const edge = await FakeEdge.start(t);
  edge.failAlways('/tasks/heartbeat', { hold: new Promise(() => {}) });
  const beat = { leases: [{ leaseId: CLAIM.leaseId, holds: [newTaskId()] }] };
  const startedAt = performance.now();
  const message = await messageOf(new EdgeClient(edge).heartbeat(beat, { ...CALL, timeoutMs: 100 }));
  assert.ok(performance.now() - startedAt < 3000);
  assert.match(message, /^The Consumer Worker at .* does not answer \(ETIMEDOUT\)/);
});

test('a failed call is not retried by the client', async (t) => {
  const edge = await FakeEdge.start(t);
  const client = new EdgeClient(edge);
  for (const fault of [{ status: 500 }, { status: 503 }, { drop: 'before' }] as const) {
    edge.fail('/health', fault);
    await messageOf(client.queueHealth(CALL));
  }
  assert.equal(edge.callsTo('/health').length, 3);
});

test('the event of a successful call and the error of a failed call contain the call’s name', async (t) => {
  const edge = await FakeEdge.start(t);
  const answered: string[] = [];
  const onAnswered = (call: string, ms: number) => void answered.push(ms >= 0 ? call : 'before it was sent');
  const client = new EdgeClient({ queueUrl: edge.queueUrl, apiUrl: edge.apiUrl, onAnswered });
  edge.fail('/tasks/claim', { status: 503 });
  await assert.rejects(client.claim(CLAIM, CALL), { name: 'EdgeError', call: 'claim' });
  assert.deepEqual(answered, []);
  await client.queueHealth(CALL);
  await client.claim(CLAIM, CALL);
  assert.deepEqual(answered, ['health', 'claim']);
  assert.equal(client.wakeClosed('it ended').call, 'wake');
});
