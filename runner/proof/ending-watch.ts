import type { TaskStatus } from '../../edge/contract/task.ts';

/** A task's status and end time, as a client sees them. */
interface Sighting {
  readonly status: TaskStatus;
  readonly completedAt?: string | undefined;
}

/** Detects tasks whose end changes after a client has seen it. */
export class EndingWatch {
  /** The tasks that ended twice, by id. Each value describes both sightings. */
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
