import type { TaskStatus } from '../../edge/contract/task.ts';

/** What a client sees of a task's end. */
interface Sighting {
  readonly status: TaskStatus;
  readonly completedAt?: string | undefined;
}

/** Notices when a task that has ended is seen otherwise later. */
export class EndingWatch {
  /** The tasks that ended twice, with both sightings. */
  readonly changed = new Map<string, string>();
  readonly #endings = new Map<string, string>();

  get ended(): number {
    return this.#endings.size;
  }

  hasEnded(taskId: string): boolean {
    return this.#endings.has(taskId);
  }

  see(taskId: string, { status, completedAt }: Sighting): void {
    const seen = `${status} at ${completedAt}`;
    const before = this.#endings.get(taskId);
    if (before !== undefined && before !== seen) this.changed.set(taskId, `${before}, later ${seen}`);
    if (before === undefined && completedAt !== undefined) this.#endings.set(taskId, seen);
  }
}
