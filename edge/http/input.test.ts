import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as z from 'zod';
import { ClaimRequest, HeartbeatRequest } from '../contract/buffer.ts';
import { BatchSubmission } from '../contract/task.ts';
import { createApp, serve, type WorkerEnv } from './app.ts';
import { readBody } from './input.ts';
import { routeFor } from './testing/route-for.ts';

const LEASE = '7b0f6f0e-6a53-4f0c-9d7c-0d3a5b8c1e42';

/** The response to a body that a schema refuses, and the CPU time that the request took. */
async function refusalOf(schema: z.ZodType, body: string) {
  const app = createApp<WorkerEnv>('test');
  const description = { ...routeFor(), body: { schema, example: {} } };
  serve(app, '/', { POST: [description, (c) => c.json(readBody(c, schema))] });
  const before = process.cpuUsage();
  const answer = await app.request('/', { method: 'POST', body }, { AUTH: 'off' });
  const { user } = process.cpuUsage(before);
  assert.equal(answer.status, 400);
  const { error, issues }: { error: string; issues: unknown[] } = JSON.parse(await answer.text());
  return { error, issues, seconds: user / 1e6 };
}

test('a refused small body gets a response with all its issues', async () => {
  const tasks = [{ type: 1 }, { type: 'a', tags: [1, 2] }];
  const { issues } = await refusalOf(BatchSubmission, JSON.stringify({ tasks }));
  assert.equal(issues.length, 3);
});

test('a refused large body gets a response with its first issue', async () => {
  const tasks = Array.from({ length: 1000 }, (_, index) => ({
    type: index === 900 ? 1 : 'a',
    payload: index,
  }));
  const { error, issues } = await refusalOf(BatchSubmission, JSON.stringify({ tasks }));
  assert.match(error, /^tasks\.900\.type: /);
  assert.equal(issues.length, 1);
});

test('a body with a million issues is refused quickly', async () => {
  const holds = `[${'1,'.repeat(9_900)}1]`;
  const leases = Array(100).fill(`{"leaseId":"${LEASE}","holds":${holds}}`);
  const { error, seconds } = await refusalOf(HeartbeatRequest, `{"leases":[${leases}]}`);
  assert.match(error, /^leases\.0\.holds\.0: /);
  assert.ok(seconds < 5, `${seconds} s`);
});

test('a claim with too many types to read ahead is refused before the types are checked', async () => {
  const ahead = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`a ${index}`, 0]));
  const wants = [{ types: ['a'], limit: 1, ahead }];
  const { error, issues } = await refusalOf(
    ClaimRequest,
    JSON.stringify({ leaseId: LEASE, runner: 'r', wants }),
  );
  assert.equal(
    error,
    'wants.0.ahead: Expected at most 500 task types, each with a number of tasks from 1 to 1000',
  );
  assert.equal(issues.length, 1);
});
