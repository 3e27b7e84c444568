import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { TaskList } from '../edge/contract/api.ts';
import { newSubmission, taskIdAt } from '../edge/contract/task-id.ts';
import { TaskQueue } from './client.ts';
import { runCli } from './testing/run-cli.ts';
import { answerJson, startServer } from './testing/server.ts';

const SUBMISSION = newSubmission(Date.UTC(2026, 0, 1), 0, new Uint8Array(6));

/** A worker whose answer n contains `found[n]` tasks, but never more than the call's limit. */
async function listOf(t: TestContext, found: readonly number[]) {
  const limits: number[] = [];
  let index = 1000;
  const { url } = await startServer(t, (request, response, calls) => {
    const limit = Number(new URL(request.url ?? '', 'http://localhost').searchParams.get('limit'));
    limits.push(limit);
    const tasks = Array.from({ length: Math.min(limit, found[calls - 1] ?? 0) }, () => {
      index -= 1;
      const id = taskIdAt(SUBMISSION, index);
      return {
        id,
        type: 'rare',
        status: 'failed' as const,
        attempt: 1,
        createdAt: '2026-01-01T00:00:00.000Z',
      };
    });
    const nextCursor = taskIdAt(SUBMISSION, index);
    const answer: TaskList = { tasks, count: tasks.length, ...(calls < found.length && { nextCursor }) };
    answerJson(response, 200, answer);
  });
  return { url, queue: new TaskQueue({ url }), limits };
}

test('a page is filled by several calls if a call finds few or no tasks', async (t) => {
  const { queue, limits } = await listOf(t, [0, 2, 0, 5, 5]);
  const page = await queue.list({ type: 'rare', limit: 4 });
  assert.equal(page.count, 4);
  assert.equal(page.tasks.length, 4);
  assert.ok(page.nextCursor);
  assert.deepEqual(limits, [4, 4, 2, 2]);
});

test('the last page may be short and has no cursor', async (t) => {
  const { queue } = await listOf(t, [0, 2, 0]);
  const { count, nextCursor } = await queue.list({ type: 'rare' });
  assert.deepEqual([count, nextCursor], [2, undefined]);
});

test('a page makes at most `maxCalls` calls and has a cursor to continue from', async (t) => {
  const { queue, limits } = await listOf(t, [0, 1, 0, 5]);
  const page = await queue.list({ type: 'rare' }, { maxCalls: 2 });
  assert.deepEqual([page.count, limits.length], [1, 2]);
  assert.ok(page.nextCursor);
});

test('all tasks are listed even if some calls find none', async (t) => {
  const { queue } = await listOf(t, [0, 1, 0, 2]);
  assert.equal((await Array.fromAsync(queue.listAll({ type: 'rare' }))).length, 3);
});

test('the command continues until it has listed up to --limit tasks, or all', async (t) => {
  const list = async (found: readonly number[], ...flags: string[]) => {
    const { url } = await listOf(t, found);
    const { stdout, stderr } = await runCli(['list', '--type', 'rare', '--json', '--api-url', url, ...flags]);
    assert.equal(stderr, '');
    return stdout.split('\n').length - 1;
  };
  assert.equal(await list([0, 2, 0, 5, 5], '--limit', '4'), 4);
  assert.equal(await list([0, 2, 0], '--limit', '4'), 2);
  assert.equal(await list([0, 2, 0, 5], '--all'), 7);
});
