import { signal } from '@preact/signals';
import { TaskQueueError } from '../../../../client/client.ts';
import type { StatusView, TaskView } from '../../../contract/api.ts';
import { reconnectDelay } from '../../logic/reconnect.ts';
import { sentenceOf } from './notices.ts';
import { ask, currentQueue } from './session.ts';

/** Follows one task until it has ended. */
export class FollowedTask {
  readonly id: string;
  readonly view = signal<TaskView | undefined>(undefined);
  /** The reason why the task cannot be shown or followed now. */
  readonly error = signal<{ readonly missing: boolean; readonly text: string } | undefined>(undefined);
  /** The task is in the archive: it can be read but not retried. */
  readonly archived = signal(false);
  #abort = new AbortController();

  constructor(id: string) {
    this.id = id;
    void this.#follow(this.#abort.signal);
  }

  /** Reads the task again, and follows it again if it had ended. */
  restart(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    void this.#follow(this.#abort.signal);
  }

  close(): void {
    this.#abort.abort();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const task = await this.#read(signal);
        if (isEnded(task)) {
          await this.#checkArchived(signal);
          return;
        }
        for await (const status of currentQueue().follow(this.id, { signal })) {
          failures = 0;
          await this.#take(status, signal);
        }
        await this.#read(signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#fail(error);
        if (isFinal(error)) return;
      }
      await new Promise((resolve) => setTimeout(resolve, reconnectDelay(failures + 1, Math.random())));
    }
  }

  async #read(signal: AbortSignal): Promise<TaskView> {
    const task = await ask((queue) => queue.get(this.id, { signal }));
    if (!signal.aborted) {
      this.view.value = task;
      this.error.value = undefined;
    }
    return task;
  }

  /** A list does not contain archived tasks. */
  async #checkArchived(signal: AbortSignal): Promise<void> {
    const { count } = await ask((queue) => queue.list({ id: this.id, limit: 1 }, { signal }));
    if (!signal.aborted) this.archived.value = count === 0;
  }

  /** Applies an update of the progress. If the attempt or the status changed, reads the whole task. */
  async #take(status: StatusView, signal: AbortSignal): Promise<void> {
    const known = this.view.value;
    if (!known || known.attempt !== status.attempt || known.status !== status.status) {
      await this.#read(signal);
      return;
    }
    const { progress: _, runAt: __, ...rest } = known;
    this.view.value = { ...rest, ...status };
  }

  #fail(error: unknown): void {
    const missing =
      error instanceof TaskQueueError && ['task_not_found', 'invalid_request'].includes(error.code);
    this.error.value = { missing, text: sentenceOf(error) };
  }
}

export function isEnded({ completedAt }: StatusView): boolean {
  return completedAt !== undefined;
}

/** Whether a repeat would give the same error. */
function isFinal(error: unknown): boolean {
  return error instanceof TaskQueueError && error.status !== undefined && error.status < 500;
}
