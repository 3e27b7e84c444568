import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { defineTask } from '../runner/task.ts';
import { TaskQueue } from './client.ts';
import type { ResultOf, TaskIdOf } from './types.ts';

const thumbnail = defineTask({
  type: 'thumbnail',
  lane: 'cpu',
  payload: z.object({ url: z.string(), width: z.number().default(320) }),
  run: async ({ url, width }) => ({ url, height: width * 0.75, madeAt: new Date(), note: undefined }),
});
const cleanup = defineTask({ type: 'cleanup', lane: 'io', payload: z.object({}).optional(), run: () => {} });

const ID = '01a20b7b-d309-7000-9542-e9e3ee7d0000';
const CREATED = '2026-01-01T12:00:00.000Z';

/** Answers every call as if the task had ended with a result. `sent` contains the bodies of the requests. */
function answering(result: unknown) {
  const sent: unknown[] = [];
  const view = {
    taskId: ID,
    status: 'completed',
    type: 'thumbnail',
    createdAt: CREATED,
    completedAt: CREATED,
  };
  const whole = { ...view, attempt: 1, maxAttempts: 3, payload: {}, result, priority: 0, attempts: [] };
  const fetch = async (input: string | URL | Request) => {
    const request = new Request(input);
    if (request.method === 'GET') return Response.json(whole);
    sent.push(await request.json());
    const answer = {
      success: true,
      taskId: ID,
      taskIds: [ID],
      count: 1,
      status: 'pending',
      message: 'Queued',
    };
    return Response.json(answer, { status: 201 });
  };
  return { fetch, sent };
}

const RESULT = { url: 'a.png', height: 240, madeAt: CREATED };
const { fetch, sent } = answering(RESULT);
const queue = new TaskQueue<typeof thumbnail | typeof cleanup>({ url: 'http://localhost', fetch });
const untyped = new TaskQueue({ url: 'http://localhost', fetch });

/** True only if both types are identical. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(verdict: Same<A, B>) => assert.ok(verdict);

/** Takes code that the compiler checks and nothing runs. */
function compileOnly(_: () => unknown): void {}

test('a payload has the input type of its schema, so fields with defaults can be left out', async () => {
  const id = await queue.submit('thumbnail', { url: 'a.png' }, { priority: 5 });
  same<typeof id, TaskIdOf<'thumbnail'>>(true);
  assert.deepEqual(sent.at(-1), { type: 'thumbnail', payload: { url: 'a.png' }, priority: 5 });
  await queue.submit('cleanup');
  assert.deepEqual(sent.at(-1), { type: 'cleanup' });
});

test('the compiler refuses a wrong payload, name or option', () => {
  compileOnly(() => [
    // @ts-expect-error: the url is a text
    queue.submit('thumbnail', { url: 1 }),
    // @ts-expect-error: the url is missing
    queue.submit('thumbnail', {}),
    // @ts-expect-error: the payload is missing
    queue.submit('thumbnail'),
    // @ts-expect-error: the schema knows no such field
    queue.submit('thumbnail', { url: 'a.png', hight: 3 }),
    // @ts-expect-error: no definition has this name
    queue.submit('thumbnial', { url: 'a.png' }),
    // @ts-expect-error: there is no such option
    queue.submit('thumbnail', { url: 'a.png' }, { prio: 5 }),
    // @ts-expect-error: this payload belongs to another type
    queue.submitMany([{ type: 'thumbnail', payload: { text: 'a' } }]),
    // @ts-expect-error: no definition has this name
    queue.pause('thumbnial'),
  ]);
});

test('a result has the awaited return type of `run`, converted to JSON', async () => {
  const ended = await queue.wait(await queue.submit('thumbnail', { url: 'a.png' }));
  assert.equal(ended.status, 'completed');
  same<typeof ended.type, 'thumbnail'>(true);
  const height: number = ended.result.height;
  const madeAt: string = ended.result.madeAt;
  assert.deepEqual([height, madeAt], [240, CREATED]);
  compileOnly(() => {
    // @ts-expect-error: JSON turns a Date into a text
    ended.result.madeAt.getTime();
    // @ts-expect-error: the result has no such field
    return ended.result.width;
  });
});

test('only a completed task has a result, and only a failed or cancelled one has an error', async () => {
  const ended = await queue.wait(await queue.submit('thumbnail', { url: 'a.png' }));
  compileOnly(() => {
    // @ts-expect-error: it may have failed
    ended.result;
    // @ts-expect-error: it may have completed
    ended.error;
    return ended.status === 'completed' ? ended.result : ended.error.message;
  });
  same<ResultOf<typeof cleanup, 'cleanup'>, undefined>(true);
});

test('the result for an id without a type is a union that the type field narrows', async () => {
  const ended = await queue.wait(ID);
  assert.ok(ended.status === 'completed' && ended.type === 'thumbnail');
  assert.equal(ended.result.height, 240);
  compileOnly(async () => {
    const other = await queue.wait(ID);
    // @ts-expect-error: a cleanup has no result
    return other.status === 'completed' && other.result.height;
  });
});

test('tasks of several types can be submitted together', async () => {
  const ids = await queue.submitMany([{ type: 'thumbnail', payload: { url: 'a.png' } }, { type: 'cleanup' }]);
  same<typeof ids, TaskIdOf<'thumbnail' | 'cleanup'>[]>(true);
  assert.deepEqual(sent.at(-1), {
    tasks: [{ type: 'thumbnail', payload: { url: 'a.png' } }, { type: 'cleanup' }],
  });
});

test('without definitions any name and payload is accepted, and the result is unknown', async () => {
  const ended = await untyped.wait(await untyped.submit('anything', { any: ['payload'] }));
  assert.equal(ended.status, 'completed');
  same<typeof ended.result, unknown>(true);
  // @ts-expect-error: the result is unknown
  compileOnly(() => ended.result.height);
});

test('a definition has the type of its name, and its `run` must accept the payload', () => {
  same<typeof thumbnail.type, 'thumbnail'>(true);
  const one = defineTask<z.ZodString>({ type: 'one', lane: 'io', payload: z.string(), run: (text) => text });
  same<typeof one.type, string>(true);
  compileOnly(() =>
    // @ts-expect-error: the payload is a text
    defineTask({ type: 'two', lane: 'io', payload: z.string(), run: (text: number) => text }),
  );
});
