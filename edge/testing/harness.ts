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

/** A harness that asks nothing of the network. */
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
