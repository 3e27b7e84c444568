import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import {
  BatchSubmitted,
  type ReportAnswer,
  type ReportRequest,
  Submitted,
  TaskList,
  TaskView,
} from '../edge/contract/api.ts';
import type { Claim, ClaimRequest } from '../edge/contract/buffer.ts';
import { MAX_BATCH_TASKS, MAX_LIST_LIMIT } from '../edge/contract/limits.ts';

const WAIT_MS = 120_000;
const SAMPLE = 50;

/** The calls that the benchmarks make to load the system and to read back its results. */
export class BenchClient {
  readonly apiUrl: string;
  readonly queueUrl: string;

  constructor({ apiUrl, queueUrl }: { apiUrl: string; queueUrl: string }) {
    this.apiUrl = apiUrl;
    this.queueUrl = queueUrl;
  }

  async submit(task: object): Promise<string> {
    return Submitted.parse(await post(`${this.apiUrl}/tasks`, task)).taskId;
  }

  /** Submits tasks in batches of `size`, `atOnce` requests at a time. Returns their ids in order. */
  async submitMany(tasks: readonly object[], size = MAX_BATCH_TASKS, atOnce = 2): Promise<string[]> {
    const ids: string[][] = [];
    await eachAtOnce(inBatches(tasks, size).entries(), atOnce, async ([index, batch]) => {
      ids[index] = BatchSubmitted.parse(await post(`${this.apiUrl}/tasks/batch`, { tasks: batch })).taskIds;
    });
    return ids.flat();
  }

  /** Submits tasks and waits until the ledger has them all. */
  async load(tasks: readonly object[]): Promise<string[]> {
    const ids = await this.submitMany(tasks);
    for (let last = MAX_BATCH_TASKS - 1; last < ids.length + MAX_BATCH_TASKS; last += MAX_BATCH_TASKS) {
      await this.#buffered(ids[Math.min(last, ids.length - 1)] ?? '');
    }
    return ids;
  }

  /** Waits until the ledger has `count` tasks of a type. */
  async untilReady(type: string, count: number): Promise<void> {
    await until(`${count} tasks of type ${type}`, async () => {
      return (await this.#list(type)).length === count;
    });
  }

  /** Claims without checking the form of the answer, because that would count as the worker's time. */
  claim(request: ClaimRequest): Promise<Claim> {
    return post(`${this.queueUrl}/tasks/claim`, request);
  }

  /** Reports results without checking the form of the answer. */
  settle(request: z.input<typeof ReportRequest>): Promise<z.output<typeof ReportAnswer>> {
    return post(`${this.apiUrl}/tasks/complete`, request);
  }

  /**
   * Checks that every task ran once and completed, and that the results of a sample are right.
   *
   * @returns the end of each task in Unix milliseconds, in the order of the ids.
   */
  async verify(
    type: string,
    ids: readonly string[],
    isRight: (result: unknown, index: number) => boolean,
  ): Promise<number[]> {
    const ended = new Map<string, number>();
    const oldest = ids.reduce((least, id) => (id < least ? id : least));
    for (const { id, status, attempt, completedAt } of await this.#list(type, oldest)) {
      if (status === 'completed' && attempt === 1 && completedAt) ended.set(id, Date.parse(completedAt));
    }
    const missing = ids.filter((id) => !ended.has(id));
    if (missing.length > 0) {
      throw new Error(
        `${missing.length} of ${ids.length} tasks did not complete in one attempt: ${missing[0]}`,
      );
    }
    for (let index = 0; index < ids.length; index += Math.ceil(ids.length / SAMPLE)) {
      const { result, attempts } = await this.view(ids[index] ?? '');
      if (attempts.length !== 1 || !isRight(result, index)) {
        throw new Error(`Task ${ids[index]} has the result ${JSON.stringify(result)}`);
      }
    }
    return ids.map((id) => ended.get(id) ?? Number.NaN);
  }

  async view(id: string): Promise<TaskView> {
    return TaskView.parse(await (await fetch(`${this.apiUrl}/tasks/${id}`)).json());
  }

  /** All tasks of a type, or those that are not older than a given task. */
  async #list(type: string, oldest = ''): Promise<TaskList['tasks']> {
    const tasks: TaskList['tasks'] = [];
    let cursor = '';
    do {
      const url = `${this.apiUrl}/tasks?type=${type}&limit=${MAX_LIST_LIMIT}${cursor}`;
      const page = TaskList.parse(await (await fetch(url)).json());
      tasks.push(...page.tasks);
      const { nextCursor = '' } = page;
      cursor = nextCursor > oldest ? `&cursor=${nextCursor}` : '';
    } while (cursor !== '');
    return tasks;
  }

  /**
   * Waits until the ledger has a task. The call answers 409 for a task that has not ended, and 404 before that.
   */
  async #buffered(id: string): Promise<void> {
    await until(`task ${id} in the ledger`, async () => {
      const response = await fetch(`${this.queueUrl}/tasks/${id}/complete`, { method: 'POST' });
      return response.status === 409;
    });
  }
}

/** Posts JSON and returns the answer. Throws if the call does not succeed. */
export async function post<Answer>(url: string, body: object): Promise<Answer> {
  // As a runner on the same machine does, because compression would only take time.
  const headers = { 'accept-encoding': 'identity' };
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body), headers });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text);
}

/** Cuts a list into batches, in order. */
export function inBatches<Item>(items: readonly Item[], size: number): Item[][] {
  const batches: Item[][] = [];
  for (let from = 0; from < items.length; from += size) batches.push(items.slice(from, from + size));
  return batches;
}

/** Runs an action for each item, some at a time. */
export async function eachAtOnce<Item>(
  items: Iterator<Item>,
  atOnce: number,
  action: (item: Item) => Promise<void>,
): Promise<void> {
  const lane = async () => {
    for (let next = items.next(); !next.done; next = items.next()) await action(next.value);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Waited ${WAIT_MS / 1000} s for ${what}`);
    await sleep(20);
  }
}
