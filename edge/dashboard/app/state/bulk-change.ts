import { signal } from '@preact/signals';
import type { TaskStatus } from '../../../contract/task.ts';
import type { TaskFilter } from '../../logic/filter.ts';
import { changes } from './actions.ts';
import { now } from './clock.ts';
import { sentenceOf } from './notices.ts';
import { ask } from './session.ts';

/** A change of all tasks that match a filter. The filter contains their status. */
export type Bulk =
  | { readonly kind: 'retry'; readonly filter: TaskFilter & { readonly status: 'failed' | 'cancelled' } }
  | { readonly kind: 'cancel'; readonly filter: TaskFilter & { readonly status: 'pending' | 'processing' } };

/** The change that is possible for tasks of a status; undefined for completed tasks. */
export function bulkOf(filter: TaskFilter, status: TaskStatus): Bulk | undefined {
  switch (status) {
    case 'failed':
    case 'cancelled':
      return { kind: 'retry', filter: { ...filter, status } };
    case 'pending':
    case 'processing':
      return { kind: 'cancel', filter: { ...filter, status } };
    case 'completed':
      return undefined;
  }
}

/**
 * Retries or cancels all tasks that match a filter, page by page.
 *
 * - `asked`: the person must confirm it.
 * - `running`: tasks are being changed.
 * - `done`: all tasks were changed, or the person stopped it.
 * - `failed`: it ended early. The tasks changed so far stay changed.
 */
export class BulkChange {
  readonly bulk: Bulk;
  readonly state = signal<'asked' | 'running' | 'done' | 'failed'>('asked');
  readonly changed = signal(0);
  readonly stopped = signal(false);
  readonly error = signal<string | undefined>(undefined);
  readonly #abort = new AbortController();

  constructor(bulk: Bulk) {
    this.bulk = bulk;
  }

  async run(): Promise<void> {
    this.state.value = 'running';
    try {
      await this.#change();
      this.state.value = 'done';
    } catch (error) {
      this.state.value = this.stopped.value ? 'done' : 'failed';
      this.error.value = sentenceOf(error);
    }
    changes.value += 1;
  }

  stop(): void {
    this.stopped.value = true;
    this.#abort.abort();
  }

  async #change(): Promise<void> {
    const options = {
      signal: this.#abort.signal,
      onPage: (taskIds: readonly string[]) => {
        this.changed.value += taskIds.length;
      },
    };
    // Tasks that are created from now on are not changed.
    const createdBefore = new Date(now.value).toISOString();
    const { kind, filter } = this.bulk;
    if (kind === 'retry') await ask((queue) => queue.retryAll({ createdBefore, ...filter }, options));
    else await ask((queue) => queue.cancelAll({ createdBefore, ...filter }, options));
  }
}
