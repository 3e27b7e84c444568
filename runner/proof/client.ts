import { setTimeout as sleep } from 'node:timers/promises';
import { BatchSubmitted, Submitted, TaskList, TaskView } from '../../edge/contract/api.ts';
import type { TaskSubmission } from '../../edge/contract/task.ts';
import { type Answer, timedFetch } from './timed-fetch.ts';

const TIMEOUT_MS = 4000;
const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 2000;
const READS_AT_ONCE = 20;

type RequestOptions = Parameters<typeof timedFetch>[2];

/** A client that repeats each call until it gets an answer, as every client should. */
export class Client {
  readonly #url: () => string;
  readonly #signal: AbortSignal;
  /** The number of repeated calls. */
  repeats = 0;

  /**
   * @param url returns the URL of the API Worker. The client calls it for each request.
   * @param signal ends the repeats.
   */
  constructor(url: () => string, signal: AbortSignal) {
    this.#url = url;
    this.#signal = signal;
  }

  /** Submits one task by itself, several as a batch. Regardless of failures, they are accepted once. */
  async submit(tasks: readonly TaskSubmission[], key: string): Promise<string[]> {
    const headers = { 'Idempotency-Key': key };
    if (tasks.length === 1) {
      const body = JSON.stringify(tasks[0]);
      const { answer } = await this.#call('/tasks', { method: 'POST', body, headers });
      return [Submitted.parse(answer).taskId];
    }
    const body = JSON.stringify({ tasks });
    const { answer } = await this.#call('/tasks/batch', { method: 'POST', body, headers });
    return BatchSubmitted.parse(answer).taskIds;
  }

  /** Cancels a task. Returns false if the task has already ended. */
  async cancel(taskId: string): Promise<boolean> {
    const { status } = await this.#call(`/tasks/${taskId}/cancel`, { method: 'POST' }, [409]);
    return status === 200;
  }

  /** Returns undefined if there is no such task. */
  async read(taskId: string): Promise<TaskView | undefined> {
    const { status, answer } = await this.#call(`/tasks/${taskId}`, {}, [404]);
    return status === 404 ? undefined : TaskView.parse(answer);
  }

  /** Reads tasks, up to 20 at a time. The result contains only tasks that exist. */
  async readAll(taskIds: readonly string[]): Promise<Map<string, TaskView>> {
    const views = new Map<string, TaskView>();
    for (let from = 0; from < taskIds.length; from += READS_AT_ONCE) {
      const part = taskIds.slice(from, from + READS_AT_ONCE);
      for (const view of await Promise.all(part.map((taskId) => this.read(taskId)))) {
        if (view) views.set(view.taskId, view);
      }
    }
    return views;
  }

  async list(): Promise<TaskList['tasks']> {
    const tasks: TaskList['tasks'] = [];
    let cursor: string | undefined;
    do {
      const query = `limit=1000${cursor === undefined ? '' : `&cursor=${cursor}`}`;
      const page = TaskList.parse((await this.#call(`/tasks?${query}`, {})).answer);
      tasks.push(...page.tasks);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return tasks;
  }

  /**
   * @param refusals error statuses that the caller accepts as an answer.
   * @throws {Error} if the API refuses the request with another status, or if the signal ends the repeats.
   */
  async #call(
    path: string,
    init: RequestOptions,
    refusals: readonly number[] = [],
  ): Promise<{ status: number; answer: unknown }> {
    for (let tries = 0; ; tries += 1) {
      this.#signal.throwIfAborted();
      const answered = await this.#try(path, init);
      if (answered) {
        const { status, text } = answered;
        if (status < 300 || refusals.includes(status)) return { status, answer: JSON.parse(text) };
        if (status < 500 && status !== 429) throw new Error(`${path} answered ${status}: ${text}`);
      }
      this.repeats += 1;
      await sleep(Math.min(FIRST_PAUSE_MS * 2 ** tries, MAX_PAUSE_MS));
    }
  }

  async #try(path: string, init: RequestOptions): Promise<Answer | undefined> {
    try {
      return await timedFetch(this.#url() + path, TIMEOUT_MS, init);
    } catch {
      return undefined;
    }
  }
}
