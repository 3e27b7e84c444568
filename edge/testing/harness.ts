import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTestHarness, type TestHarnessOptions, type WorkerHandle } from 'wrangler';
import type { z } from 'zod';
import type { ApiEnv } from '../api/env.ts';
import { BatchSubmitted, Changed, Submitted } from '../contract/api.ts';
import { ERROR_STATUS, ErrorBody, type ErrorCode } from '../contract/errors.ts';

/** Times as the wire writes them: ISO 8601 UTC with milliseconds. */
export const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const API = 'task-api-v2';
const BUFFER = 'queue-buffer-v2';

/** The variables of an edge that asks for no token. */
export const OPEN: Vars = { AUTH: 'off' };

/** A harness that asks nothing of the network. */
export function testHarness(options: TestHarnessOptions) {
  process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= 'false';
  process.env.WRANGLER_SEND_METRICS ??= 'false';
  return createTestHarness(options);
}

type Harness = ReturnType<typeof testHarness>;
type Workers = TestHarnessOptions['workers'];
type Vars = Record<string, string>;
type Worker = WorkerHandle<Record<string, unknown>>;

export interface Answer {
  status: number;
  body: unknown;
  header(name: string): string | null;
}

export interface Call {
  method?: string;
  /** Sent as JSON, or as it is where it is a text. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** Calls one worker and reads what it answers. */
export class Caller {
  readonly worker: Worker;

  constructor(worker: Worker) {
    this.worker = worker;
  }

  async call(path: string, { method, body, headers = {} }: Call = {}): Promise<Answer> {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const response = await this.worker.fetch(path, {
      method: method ?? (text === undefined ? 'GET' : 'POST'),
      ...(text !== undefined && { body: text }),
      headers: text === undefined ? headers : { 'Content-Type': 'application/json', ...headers },
    });
    return {
      status: response.status,
      body: parse(await response.text()),
      header: (name) => response.headers.get(name),
    };
  }

  get(path: string): Promise<Answer> {
    return this.call(path);
  }

  post(path: string, body: unknown = {}): Promise<Answer> {
    return this.call(path, { body });
  }

  /** What a call answers, checked by a schema of the contract. */
  async read<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    body?: unknown,
  ): Promise<z.output<Schema>> {
    return read(await this.call(path, { body }), schema);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The body of an answer that succeeded, checked by a schema of the contract. */
export function read<Schema extends z.ZodType>(answer: Answer, schema: Schema): z.output<Schema> {
  if (answer.status !== 200 && answer.status !== 201) {
    assert.fail(`${answer.status} ${JSON.stringify(answer.body)}`);
  }
  return schema.parse(answer.body);
}

/** Asserts an error answer in the form of the contract and returns its body. */
export function expectError(answer: Answer, code: ErrorCode): ErrorBody {
  const seen = `${answer.status} ${JSON.stringify(answer.body).slice(0, 500)}`;
  assert.equal(answer.status, ERROR_STATUS[code], seen);
  const body = ErrorBody.parse(answer.body);
  assert.equal(body.code, code, seen);
  assert.match(body.error, /\w+ \w+/, 'Expected a sentence');
  if (answer.status === 503) assert.match(answer.header('Retry-After') ?? '', /^\d+$/);
  return body;
}

interface QueueConsumer {
  queue(name: string, messages: object[]): Promise<{ outcome: string; retryMessages: Iterable<unknown> }>;
}

function takesMessages(service: object): service is QueueConsumer {
  return typeof Reflect.get(service, 'queue') === 'function';
}

/** Both workers, as they run on Cloudflare. */
export class TestEdge {
  readonly api: Caller;
  readonly buffer: Caller;
  readonly #harness: Harness;

  constructor(workers: Workers) {
    this.#harness = testHarness({ workers });
    this.api = new Caller(this.#harness.getWorker(API));
    this.buffer = new Caller(this.#harness.getWorker(BUFFER));
  }

  /** Starts the workers; resolves to where the first of them listens, for clients on the network. */
  async listen(): Promise<string> {
    return (await this.#harness.listen()).url.origin;
  }

  /** Starts both workers anew with other variables. */
  update(vars: Vars): Promise<void> {
    return this.#harness.update({ workers: workersWith(vars) });
  }

  close(): Promise<void> {
    return this.#harness.close();
  }

  /** The bindings of the API Worker. */
  env(): Promise<ApiEnv> {
    return this.#harness.getWorker<ApiEnv>(API).getEnv();
  }

  /** The rows that a statement finds in the ledger, behind its back. */
  async sql(query: string, ...params: (string | number)[]) {
    const storage = await this.buffer.worker.getDurableObjectStorage('TaskLedger', { name: 'shard-0' });
    return storage.exec(query, ...params);
  }

  /** Runs the API Worker's cron once. */
  async cron(): Promise<void> {
    const { outcome } = await this.api.worker.scheduled({ cron: '* * * * *' });
    assert.equal(outcome, 'ok');
  }

  /** Hands messages to the Consumer Worker as a queue does, and returns those that it wants to see again. */
  async deliver(queue: string, ...messages: { body: unknown; id?: string; timestamp?: Date }[]) {
    const consumer = await this.buffer.worker.getExport();
    assert.ok(takesMessages(consumer));
    const { outcome, retryMessages } = await consumer.queue(
      queue,
      messages.map((message) => ({ id: randomUUID(), timestamp: new Date(), attempts: 1, ...message })),
    );
    assert.equal(outcome, 'ok');
    return [...retryMessages];
  }

  /** Cancels all that waits or runs, so that the lists of a consumer hold what comes after it alone. */
  async clear(): Promise<void> {
    for (const status of ['pending', 'processing']) {
      let more = true;
      while (more) more = (await this.api.read(`/tasks/cancel?status=${status}`, Changed, {})).count > 0;
    }
  }

  /** Submits one task and returns its id. */
  async submit(task: Record<string, unknown>): Promise<string> {
    return (await this.api.read('/tasks', Submitted, task)).taskId;
  }

  /** Submits a task and waits until the ledger has it ready. */
  async submitReady(task: Record<string, unknown> & { type: string }): Promise<string> {
    const id = await this.submit(task);
    await this.ready(task.type, 1);
    return id;
  }

  /** Submits a batch and waits until all of it is ready. */
  async submitManyReady(type: string, count: number, task: Record<string, unknown> = {}): Promise<string[]> {
    const tasks = Array.from({ length: count }, () => ({ ...task, type }));
    const { taskIds } = await this.api.read('/tasks/batch', BatchSubmitted, { tasks });
    await this.ready(type, count);
    return taskIds;
  }

  /** Waits until as many tasks of a type are ready; resolves to their ids, oldest first. */
  ready(type: string, count: number): Promise<string[]> {
    return waitFor(`${count} ready tasks of type ${type}`, async () => {
      const rows = await this.sql(
        "SELECT id FROM tasks WHERE type = ? AND state = 'ready' ORDER BY id",
        type,
      );
      return rows.length >= count ? rows.map(({ id }) => String(id)) : undefined;
    });
  }
}

/** Both workers as their configurations have them, the API Worker first, with these variables. */
export function workersWith(vars: Vars): Workers {
  return ['api', 'buffer'].map((folder) => ({
    configPath: join(import.meta.dirname, '..', folder, 'wrangler.jsonc'),
    vars,
  }));
}

/** An edge of its own for the tests of the file or suite that asks for it; it starts and ends with them. */
export function ownEdge(workers: Workers): TestEdge {
  const edge = new TestEdge(workers);
  before(() => edge.listen());
  after(() => edge.close());
  return edge;
}

let open: TestEdge | undefined;
/**
 * The edge without tokens that test files of a process share, to be asked for outside of any suite. A file
 * has task types of its own, leaves nothing ready that is in another's way, and asks for no empty ledger.
 */
export function openEdge(): TestEdge {
  open ??= ownEdge(workersWith(OPEN));
  return open;
}

/** The tokens of {@link guardedEdge}: each scope has an old one beside the one in use. */
export const TOKENS = { client: 'client-token', runner: 'runner-token' } as const;
export const OLD_TOKENS = { client: 'client-old', runner: 'runner-old' } as const;
export const GUARDED = {
  API_TOKENS: `${TOKENS.client}, ${OLD_TOKENS.client}`,
  RUNNER_TOKENS: `${TOKENS.runner},${OLD_TOKENS.runner}`,
};

let guarded: TestEdge | undefined;
/** As {@link openEdge}, with tokens of both scopes. */
export function guardedEdge(): TestEdge {
  guarded ??= ownEdge(workersWith(GUARDED));
  return guarded;
}

const WAIT_MS = 30_000;

/** Asks until there is an answer. */
export async function waitFor<Value>(what: string, ask: () => Promise<Value | undefined>): Promise<Value> {
  const deadline = Date.now() + WAIT_MS;
  while (Date.now() < deadline) {
    const value = await ask();
    if (value !== undefined) return value;
    await sleep(50);
  }
  throw new Error(`Waited ${WAIT_MS / 1000} s for ${what}`);
}

export type Refusal = [name: string, worker: 'api' | 'buffer', path: string, call: Call, code: ErrorCode];

/** One test for each call that is answered with an error. */
export function refuses(edge: TestEdge, refusals: Refusal[]): void {
  for (const [name, worker, path, call, code] of refusals) {
    test(name, async () => {
      expectError(await edge[worker].call(path, call), code);
    });
  }
}
