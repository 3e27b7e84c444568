import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTestHarness, type TestHarnessOptions, type WorkerHandle } from 'wrangler';
import type { z } from 'zod';
import { BatchSubmitted, Submitted } from './contract/api.ts';
import { BufferList } from './contract/buffer.ts';
import { ERROR_STATUS, ErrorBody, type ErrorCode } from './contract/errors.ts';

/** Times as the wire writes them: ISO 8601 UTC with milliseconds. */
export const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** A harness that asks nothing of the network. */
export function testHarness(options: TestHarnessOptions) {
  process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= 'false';
  process.env.WRANGLER_SEND_METRICS ??= 'false';
  return createTestHarness(options);
}

type Harness = ReturnType<typeof testHarness>;
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

/** Both workers as their configurations have them, with variables of the test. */
export class TestEdge {
  readonly api: Caller;
  readonly buffer: Caller;
  readonly #harness: Harness;

  constructor(harness: Harness) {
    this.#harness = harness;
    this.api = new Caller(harness.getWorker('task-api-v2'));
    this.buffer = new Caller(harness.getWorker('queue-buffer-v2'));
  }

  /** Starts both workers anew with other variables. */
  update(vars: Record<string, string>): Promise<void> {
    return this.#harness.update(edgeOptions(vars));
  }

  /** Where the API Worker, the first of the two, listens: for clients that call it over the network. */
  async apiUrl(): Promise<string> {
    return (await this.#harness.listen()).url.origin;
  }

  close(): Promise<void> {
    return this.#harness.close();
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

  /** Waits until as many tasks of a type are ready. */
  ready(type: string, count: number): Promise<BufferList['tasks']> {
    return waitFor(`${count} ready tasks of type ${type}`, async () => {
      const { tasks } = await this.buffer.read('/tasks/ready?limit=1000', BufferList);
      const ofType = tasks.filter((task) => task.type === type);
      return ofType.length >= count ? ofType : undefined;
    });
  }
}

function edgeOptions(vars: Record<string, string>): TestHarnessOptions {
  return {
    root: import.meta.dirname,
    workers: ['api', 'buffer'].map((folder) => ({ configPath: `${folder}/wrangler.jsonc`, vars })),
  };
}

export async function startEdge(vars: Record<string, string> = { AUTH: 'off' }): Promise<TestEdge> {
  const harness = testHarness(edgeOptions(vars));
  await harness.listen();
  return new TestEdge(harness);
}

const WAIT_MS = 30_000;

/** Asks until there is an answer. */
export async function waitFor<Value>(what: string, ask: () => Promise<Value | undefined>): Promise<Value> {
  const deadline = Date.now() + WAIT_MS;
  while (Date.now() < deadline) {
    const value = await ask();
    if (value !== undefined) return value;
    await sleep(20);
  }
  throw new Error(`Waited ${WAIT_MS / 1000} s for ${what}`);
}

export type Refusal = [name: string, worker: 'api' | 'buffer', path: string, call: Call, code: ErrorCode];

/** One test for each call that is answered with an error. */
export function refuses(edge: () => TestEdge, refusals: Refusal[]): void {
  for (const [name, worker, path, call, code] of refusals) {
    test(name, async () => {
      expectError(await edge()[worker].call(path, call), code);
    });
  }
}
