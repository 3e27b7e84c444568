import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { TaskView } from '../contract/api.ts';
import { MAX_INLINE_BYTES, MAX_PAYLOAD_BYTES, MAX_REQUEST_BYTES } from '../contract/limits.ts';
import { expectError, refuses } from '../testing/assertions.ts';
import { openEdge } from '../testing/shared-edges.ts';

const edge = openEdge();

const tasks = (length: number) => Array.from({ length }, () => ({ type: 'a' }));

describe('a submission is refused', () => {
  const payload = (bytes: number) => 'x'.repeat(bytes - 2);
  refuses(edge, [
    ['that is not JSON', 'api', '/tasks', { body: '{"type":' }, 'invalid_json'],
    ['that is empty', 'api', '/tasks', { method: 'POST' }, 'invalid_request'],
    ['that is null', 'api', '/tasks', { body: 'null' }, 'invalid_request'],
    ['that is a list', 'api', '/tasks', { body: '[]' }, 'invalid_request'],
    ['without a type', 'api', '/tasks', { body: {} }, 'invalid_request'],
    [
      'with a type of 101 characters',
      'api',
      '/tasks',
      { body: { type: 'a'.repeat(101) } },
      'invalid_request',
    ],
    ['with an invalid type', 'api', '/tasks', { body: { type: 'a b' } }, 'invalid_request'],
    ['with an unknown field', 'api', '/tasks', { body: { type: 'a', delay: 5 } }, 'invalid_request'],
    [
      'with both delaySeconds and runAt',
      'api',
      '/tasks',
      { body: { type: 'a', delaySeconds: 1, runAt: '2026-01-01T00:00:00Z' } },
      'invalid_request',
    ],
    [
      'with a payload over 10 MB',
      'api',
      '/tasks',
      { body: { type: 'a', payload: payload(MAX_PAYLOAD_BYTES + 1) } },
      'payload_too_large',
    ],
    [
      'with a payload over 10 MB in bytes, though not in characters',
      'api',
      '/tasks',
      { body: { type: 'a', payload: 'é'.repeat(MAX_PAYLOAD_BYTES / 2) } },
      'payload_too_large',
    ],
    ['of a batch with no tasks', 'api', '/tasks/batch', { body: { tasks: [] } }, 'invalid_request'],
    [
      'of a batch with 1,001 tasks',
      'api',
      '/tasks/batch',
      { body: { tasks: tasks(1001) } },
      'invalid_request',
    ],
    ['of a batch without the field tasks', 'api', '/tasks/batch', { body: {} }, 'invalid_request'],
    [
      'over 20 MB',
      'api',
      '/tasks',
      { body: { type: 'a', payload: 'x'.repeat(MAX_REQUEST_BYTES) } },
      'request_too_large',
    ],
  ]);

  test('over 20 MB even without a declared length', async () => {
    // On a separate connection, because it breaks if the client still writes when the answer arrives.
    const request = httpRequest(`${await edge.listen()}/tasks`, { method: 'POST', agent: false });
    request.on('error', () => {});
    for (let megabytes = 0; megabytes < 21; megabytes += 1) request.write('x'.repeat(1024 * 1024));
    request.end();
    const [response] = await once(request, 'response');
    const body: unknown = JSON.parse(await text(response));
    expectError({ status: response.statusCode, body, header: () => null }, 'request_too_large');
  });

  test('with a runAt 31 days ahead, and the error names the field', async () => {
    const runAt = new Date(Date.now() + 31 * 86_400_000).toISOString();
    const { issues } = expectError(await edge.api.post('/tasks', { type: 'a', runAt }), 'invalid_request');
    assert.deepEqual(
      issues?.map((issue) => issue.path),
      ['runAt'],
    );
  });

  test('with the path of the invalid task in a batch', async () => {
    const runAt = new Date(Date.now() + 31 * 86_400_000).toISOString();
    for (const [wrong, path] of [
      [{ type: 7 }, 'tasks.1.type'],
      [{ type: 'a', runAt }, 'tasks.1.runAt'],
    ] as const) {
      const answer = await edge.api.post('/tasks/batch', { tasks: [{ type: 'a' }, wrong] });
      assert.equal(expectError(answer, 'invalid_request').issues?.[0]?.path, path);
    }
  });

  test('with a sentence that names the field and the limit', async () => {
    const { error } = expectError(
      await edge.api.post('/tasks/batch', { tasks: tasks(1001) }),
      'invalid_request',
    );
    assert.match(error, /^tasks: .*at most 1000 tasks/);
  });
});

test('the largest payload that is sent inline is accepted and arrives', async () => {
  const payload = 'x'.repeat(MAX_INLINE_BYTES - 2);
  const id = await edge.submitReady({ type: 'error-largest', payload });
  assert.equal((await edge.api.read(`/tasks/${id}`, TaskView)).payload, payload);
});
