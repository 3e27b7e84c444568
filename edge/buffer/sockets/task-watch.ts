import type { Busy, FoundTask } from '../../contract/ledger/tasks.ts';
import { MAX_WAITING_CALLS } from '../../contract/limits.ts';

/** Changes of a task within this time count as one. */
const GATHER_MS = 50;

/** How many tasks are read at once. The next ones follow after {@link GATHER_MS}. */
const PORTION = 100;

interface Waiting {
  readonly version: string | null;
  readonly resolve: () => void;
}

/** Reads tasks for the watch. */
export interface Watched {
  /** The version of each task, without tasks that are unknown or in a sealed window. */
  versions(taskIds: readonly string[]): ReadonlyMap<string, string>;
  find(taskId: string): FoundTask;
}

/** The calls that wait until a task changes. They are checked only after something has changed. */
export class TaskWatch {
  readonly #watched: Watched;
  readonly #waiting = new Map<string, Set<Waiting>>();
  #calls = 0;
  /** The tasks that the current round has not read yet. */
  #round: string[] = [];
  /** Whether something may have changed since the round began. */
  #changed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /**
   * Resolves with the task when its version differs from `version`, or after `timeoutMs`. Returns `busy` if the
   * call must wait and the maximum number of calls is waiting.
   */
  async until(taskId: string, version: string | null, timeoutMs: number): Promise<FoundTask | Busy> {
    const current = () => this.#watched.versions([taskId]).get(taskId) ?? null;
    if (timeoutMs > 0 && current() === version) {
      if (this.#calls >= MAX_WAITING_CALLS) return { busy: true };
      this.#calls += 1;
      await this.#change(taskId, version, timeoutMs);
      this.#calls -= 1;
    }
    return this.#watched.find(taskId);
  }

  /** Schedules a check, because something may have changed. */
  note(): void {
    if (this.#waiting.size === 0) return;
    this.#changed = true;
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#check(), GATHER_MS);
  }

  #check(): void {
    if (this.#round.length === 0) {
      this.#round = [...this.#waiting.keys()];
      this.#changed = false;
    }
    const portion = this.#round.splice(0, PORTION);
    const versions = this.#watched.versions(portion);
    for (const taskId of portion) {
      const version = versions.get(taskId) ?? null;
      for (const one of this.#waiting.get(taskId) ?? []) if (one.version !== version) one.resolve();
    }
    const continues = this.#round.length > 0 || this.#changed;
    this.#timer = continues ? setTimeout(() => this.#check(), GATHER_MS) : undefined;
  }

  #change(taskId: string, version: string | null, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const ofTask = this.#waiting.get(taskId) ?? new Set();
      const end = () => {
        clearTimeout(timer);
        ofTask.delete(waiting);
        if (ofTask.size === 0) this.#waiting.delete(taskId);
        resolve();
      };
      const waiting = { version, resolve: end };
      const timer = setTimeout(end, timeoutMs);
      this.#waiting.set(taskId, ofTask.add(waiting));
    });
  }
}
