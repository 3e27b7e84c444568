import type { FoundTask } from '../../contract/ledger.ts';

/** Changes of a task within this time are told as one. */
const GATHER_MS = 50;

interface Waiting {
  readonly version: string | null;
  readonly resolve: () => void;
}

/** How the watch sees tasks. */
export interface Watched {
  /** What changes with the task; null where it is unknown, or its window is sealed. */
  version(taskId: string): string | null;
  find(taskId: string): FoundTask;
}

/** The calls that wait until a task changes. They are looked at only after something has changed. */
export class TaskWatch {
  readonly #watched: Watched;
  readonly #waiting = new Map<string, Set<Waiting>>();
  #looking: ReturnType<typeof setTimeout> | undefined;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /**
   * Resolves with the task once it is not as `version` says, at once where it is not already, and after
   * `timeoutMs` whatever it is then.
   */
  async until(taskId: string, version: string | null, timeoutMs: number): Promise<FoundTask> {
    if (timeoutMs > 0 && this.#watched.version(taskId) === version) {
      await this.#change(taskId, version, timeoutMs);
    }
    return this.#watched.find(taskId);
  }

  /** Something may have changed. */
  note(): void {
    if (this.#waiting.size === 0 || this.#looking !== undefined) return;
    this.#looking = setTimeout(() => this.#look(), GATHER_MS);
  }

  #look(): void {
    this.#looking = undefined;
    for (const [taskId, waiting] of this.#waiting) {
      const version = this.#watched.version(taskId);
      for (const one of waiting) if (one.version !== version) one.resolve();
    }
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
