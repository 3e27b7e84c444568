import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { Submitted, TaskView } from '../contract/api.ts';
import { Claim } from '../contract/buffer.ts';
import { expectError } from '../testing/assertions.ts';
import { read } from '../testing/caller.ts';
import { depthOf, nested } from '../testing/nested-json.ts';
import { openEdge } from '../testing/shared-edges.ts';
import { UNKNOWN } from '../testing/unknown-task.ts';

const edge = openEdge();

const LEASE = randomUUID();

describe('a deeply nested payload', () => {
  for (const depth of [100, 1000, 3000, 5000, 6000, 40_000, 1_000_000]) {
    test(`of ${depth} arrays is either refused, or accepted and delivered`, async () => {
      const type = `error-deep-${depth}`;
      const answer = await edge.api.call('/tasks', { body: `{"type":"${type}","payload":${nested(depth)}}` });
      if (answer.status !== 201) {
        expectError(answer, 'invalid_request');
        return;
      }
      await edge.ready(type, 1);
      const order = { leaseId: randomUUID(), runner: 'r', wants: [{ types: [type], limit: 1 }] };
      const { tasks } = await edge.buffer.read('/tasks/claim', Claim, order);
      assert.equal(depthOf(tasks[0]?.payload), depth);
    });
  }

  test('does not block the other tasks of its queue batch', async () => {
    const type = 'error-neighbour';
    const body = (depth: number) => `{"type":"error-poison","payload":${nested(depth)}}`;
    await Promise.all([
      ...[4000, 5000].map((depth) => edge.api.call('/tasks', { body: body(depth) })),
      ...Array.from({ length: 10 }, () => edge.submit({ type })),
    ]);
    await edge.ready(type, 10);
  });
});

describe('a number that is too large for JSON', () => {
  const holds = `"leaseId":"${LEASE}","holds":[]`;
  for (const [name, worker, path, body, place] of [
    ['a payload', 'api', '/tasks', '{"type":"a","payload":{"x":1e999}}', 'payload.x'],
    [
      'a task of a batch',
      'api',
      '/tasks/batch',
      '{"tasks":[{"type":"a","priority":1e999}]}',
      'tasks.0.priority',
    ],
    ['a result', 'api', `/tasks/${UNKNOWN}/complete`, '{"success":true,"result":[1e999]}', 'result.0'],
    [
      'a result of a batch',
      'api',
      '/tasks/complete',
      `{"results":[{"taskId":"${UNKNOWN}","leaseId":"${LEASE}","success":true,"result":1e999}]}`,
      'results.0.result',
    ],
    [
      'progress',
      'buffer',
      '/tasks/heartbeat',
      `{"leases":[{${holds},"progress":[{"taskId":"${UNKNOWN}","value":1e999}]}]}`,
      'leases.0.progress.0.value',
    ],
    ['a claim', 'buffer', '/tasks/claim', `{"leaseId":"${LEASE}","leaseSeconds":1e999}`, 'leaseSeconds'],
  ] as const) {
    test(`in ${name} is refused, and the error contains its path`, async () => {
      const { error } = expectError(await edge[worker].call(path, { body }), 'invalid_request');
      assert.equal(error, `${place}: Expected a number of at most ${Number.MAX_VALUE}`);
    });
  }
});

test('a text with a lone surrogate is stored unchanged', async () => {
  const body = '{"type":"error-surrogate","payload":"\\ud800","tags":["\\udfff"]}';
  const answer = await edge.api.call('/tasks', { body });
  const { taskId } = read(answer, Submitted);
  await edge.ready('error-surrogate', 1);
  const { payload } = await edge.api.read(`/tasks/${taskId}`, TaskView);
  assert.equal(payload, '\ud800');
});
