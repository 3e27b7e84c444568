import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { archiveKey } from '../api/cron/archive.ts';
import { TaskView } from '../contract/api.ts';
import { Claim } from '../contract/buffer.ts';
import {
  type AcceptedTask,
  newTasks,
  type QueueMessage,
  recordKey,
  type SubmissionRecord,
} from '../contract/submission.ts';
import { newSubmission, taskIdAt, windowOf } from '../contract/task-id.ts';
import { ledgerOf } from '../platform/ledger.ts';
import type { TestEdge } from './harness.ts';

export const HOUR = 3_600_000;

/** A submission as the API Worker records it. */
export function submission(
  createdAt: number,
  type: string,
  ...tasks: Partial<AcceptedTask>[]
): SubmissionRecord {
  const accepted = tasks.map((task) => ({ type, payload: {}, priority: 0, ...task }));
  return { submission: newSubmission(createdAt, 0, randomBytes(6)), tasks: accepted };
}

/** A submission in the window of another. */
export function inWindowOf(
  { submission: name }: SubmissionRecord,
  type: string,
  ...tasks: Partial<AcceptedTask>[]
): SubmissionRecord {
  return submission(Number.parseInt(windowOf(name), 16) * 2 ** 16, type, ...tasks);
}

export const messageOf = (record: SubmissionRecord): QueueMessage => ({ ...record, first: 0 });

export const idsOf = (record: SubmissionRecord) =>
  record.tasks.map((_, index) => taskIdAt(record.submission, index));
export const firstOf = (record: SubmissionRecord) => taskIdAt(record.submission, 0);

let ages = 3;
/** A time some hours ago, in a window that no other test of the process uses. */
export const longAgo = () => Date.now() - ages++ * HOUR;

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);

/** Moves submissions through their stages one by one: accepted, delivered, ended, archived, purged. */
export class SubmissionStages {
  readonly #edge: TestEdge;

  constructor(edge: TestEdge) {
    this.#edge = edge;
  }

  /** Stores a submission as the API Worker does: the acceptance, without the queue message. */
  async accept(record: SubmissionRecord): Promise<void> {
    const metadata = { tasks: record.tasks.length };
    const { TASK_STORAGE } = await this.#edge.env();
    await TASK_STORAGE.put(recordKey(record.submission), JSON.stringify(record), { metadata });
  }

  async deliver(record: SubmissionRecord, count = record.tasks.length): Promise<void> {
    const { full } = await (await this.ledger()).insert(newTasks(record).slice(0, count));
    assert.equal(full, false);
  }

  /** Hands messages to the consumer as the queue does, and returns those that it asks to retry. */
  consume(...bodies: QueueMessage[]): Promise<unknown[]> {
    return this.#edge.deliver('task-queue-v2', ...bodies.map((body) => ({ body })));
  }

  /** Ends all ready tasks of a type, `hoursAgo`. The task with the first id fails, the others have a result. */
  async finish(type: string, hoursAgo = 2, text = ''): Promise<void> {
    const leaseId = randomUUID();
    const order = { leaseId, runner: 'runner-1', wants: [{ types: [type], limit: 1000 }] };
    const { tasks } = await this.#edge.buffer.read('/tasks/claim', Claim, order);
    const error = { code: 'broken', message: 'It broke', retryable: false };
    const reports = tasks.toSorted(byId).map(({ taskId }, n) => ({
      taskId,
      leaseId,
      ...(n === 0
        ? { success: false, error }
        : { success: true, result: JSON.stringify(text === '' ? { n } : { n, text }) }),
    }));
    await (await this.ledger()).settle(reports);
    const agoMs = hoursAgo * HOUR;
    await this.#edge.sql('UPDATE tasks SET completed_at = completed_at - ? WHERE type = ?', agoMs, type);
    await this.#edge.sql(
      'UPDATE ended_windows SET since = since - ? WHERE window IN (SELECT substr(id, 1, 8) FROM tasks WHERE type = ?)',
      agoMs,
      type,
    );
  }

  /** A separate window with one submission, whose tasks have ended and whose retention has passed. */
  async endedWindow(type: string, ...tasks: Partial<AcceptedTask>[]): Promise<SubmissionRecord> {
    const record = submission(longAgo(), type, ...tasks);
    await this.accept(record);
    await this.deliver(record);
    await this.finish(type);
    return record;
  }

  /** A window whose tasks have ended with large results. */
  async largeWindow(type: string, tasks: number): Promise<SubmissionRecord> {
    const record = submission(longAgo(), type, ...Array.from({ length: tasks }, () => ({})));
    await this.accept(record);
    await this.deliver(record);
    await this.finish(type, 2, 'x'.repeat(90_000));
    return record;
  }

  async archivePastPurge(record: SubmissionRecord): Promise<void> {
    await this.#edge.cron();
    await this.#edge.sql(
      'UPDATE seals SET archived_at = archived_at - 300000 WHERE window = ?',
      windowOf(record.submission),
    );
    await this.#edge.cron();
    assert.equal((await this.rows(record)).length, 0);
  }

  /** The rows of a submission that the ledger has. */
  rows({ submission: name }: SubmissionRecord) {
    return this.#edge.sql(
      'SELECT id, state FROM tasks WHERE id >= ? AND id < ? ORDER BY id',
      name,
      `${name}~`,
    );
  }

  async isSealed(record: SubmissionRecord): Promise<boolean> {
    const seals = await this.#edge.sql('SELECT 1 FROM seals WHERE window = ?', windowOf(record.submission));
    return seals.length === 1;
  }

  /** The archive of a window as it is stored, part by part. */
  async archiveOf(record: SubmissionRecord): Promise<{ key: string; text: string }[]> {
    const { TASK_STORAGE } = await this.#edge.env();
    const { keys } = await TASK_STORAGE.list({ prefix: archiveKey(0, windowOf(record.submission), 0, 0) });
    return Promise.all(
      keys.map(async ({ name }) => ({ key: name, text: (await TASK_STORAGE.get(name)) ?? '' })),
    );
  }

  view(id: string): Promise<TaskView> {
    return this.#edge.api.read(`/tasks/${id}`, TaskView);
  }

  async ledger() {
    return ledgerOf(await this.#edge.env());
  }
}
