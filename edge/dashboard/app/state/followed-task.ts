import { signal } from '@preact/signals';
import { TaskQueueError } from '../../../../client/client.ts';
import type { StatusView, TaskView } from '../../../contract/api.ts';
import { reconnectDelay } from '../../logic/reconnect.ts';
import { sentenceOf } from './notices.ts';
import { ask, currentQueue } from './session.ts';

/** One task, followed until it has ended. */
export class FollowedTask {
  readonly id: string;
  readonly view = signal<TaskView | undefined>(undefined);
  /** Why it cannot be shown, or cannot be followed now. */
  readonly error = signal<{ readonly missing: boolean; readonly text: string } | undefined>(undefined);
  /** It is in the archive, where it can be read but not run again. */
  readonly archived = signal(false);
  #abort = new AbortController();

  constructor(id: string) {
    this.id = id;
    void this.#follow(this.#abort.signal);
  }

  /** Reads it anew, and follows it again where it had ended. */
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
          await this.#lookForIt(signal);
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

  /** Lists leave out what is archived. */
  async #lookForIt(signal: AbortSignal): Promise<void> {
    const { count } = await ask((queue) => queue.list({ id: this.id, limit: 1 }, { signal }));
    if (!signal.aborted) this.archived.value = count === 0;
  }

  /** Progress is taken as it comes; another attempt or status is read in full. */
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

/** Whether a repeat would change nothing. */
function isFinal(error: unknown): boolean {
  return error instanceof TaskQueueError && error.status !== undefined && error.status < 500;
}
