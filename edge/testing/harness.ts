import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createTestHarness, type TestHarnessOptions } from 'wrangler';
import type { ApiEnv } from '../api/env.ts';
import { BatchSubmitted, Changed, Submitted } from '../contract/api.ts';
import { Caller } from './caller.ts';
import { waitFor } from './wait-for.ts';

const API = 'task-api-v2';
const BUFFER = 'queue-buffer-v2';

/** A harness that makes no requests to the network. */
export function testHarness(options: TestHarnessOptions) {
  process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= 'false';
  process.env.WRANGLER_SEND_METRICS ??= 'false';
  return createTestHarness(options);
}

type Harness = ReturnType<typeof testHarness>;
export type Workers = TestHarnessOptions['workers'];
export type Vars = Record<string, string>;

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

  /** Starts the workers. Resolves to the URL of the first one, for clients on the network. */
  async listen(): Promise<string> {
    return (await this.#harness.listen()).url.origin;
  }

  /** Restarts both workers with other variables. */
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

  /** Runs a statement on the ledger's database directly, and returns its rows. */
  async sql(query: string, ...params: (string | number)[]) {
    const storage = await this.buffer.worker.getDurableObjectStorage('TaskLedger', { name: 'shard-0' });
    return storage.exec(query, ...params);
  }

  /** Runs the API Worker's cron job once. */
  async cron(): Promise<void> {
    const { outcome } = await this.api.worker.scheduled({ cron: '* * * * *' });
    assert.equal(outcome, 'ok');
  }

  /** Hands messages to the Consumer Worker as a queue does, and returns those that it asks to retry. */
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

  /** Cancels all waiting and running tasks, so that a consumer's lists contain only tasks submitted later. */
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

  /** Submits a batch and waits until all its tasks are ready. */
  async submitManyReady(type: string, count: number, task: Record<string, unknown> = {}): Promise<string[]> {
    const tasks = Array.from({ length: count }, () => ({ ...task, type }));
    const { taskIds } = await this.api.read('/tasks/batch', BatchSubmitted, { tasks });
    await this.ready(type, count);
    return taskIds;
  }

  /** Waits until `count` tasks of a type are ready. Resolves to their ids, oldest first. */
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

/** Both workers with their configurations and these variables, the API Worker first. */
export function workersWith(vars: Vars): Workers {
  return ['api', 'buffer'].map((folder) => ({
    configPath: join(import.meta.dirname, '..', folder, 'wrangler.jsonc'),
    vars,
  }));
}
