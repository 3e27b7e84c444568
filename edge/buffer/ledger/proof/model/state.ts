import type { LedgerSources } from '../../transactions.ts';
import { ArchiveModel } from './archive.ts';
import type { Schedule } from './schedules.ts';
import { isHeld, type Lease, type Task } from './task.ts';

/** The data of the model. */
export class State {
  readonly tasks = new Map<string, Task>();
  readonly leases = new Map<string, Lease>();
  readonly paused = new Set<string>();
  readonly schedules = new Map<string, Schedule>();
  /** The schedules of which the current call has ended a run. */
  readonly endedRuns = new Set<string>();
  readonly archive: ArchiveModel;
  readonly sources: LedgerSources;
  /** When ended leases were last deleted. */
  forgotAt = 0;
  /** How many tasks were claimed by single-task consumers. */
  unfenced = 0;

  constructor(sources: LedgerSources) {
    this.sources = sources;
    this.archive = new ArchiveModel(this.tasks, () => this.now());
  }

  now(): number {
    return this.sources.now();
  }

  /** When a lease expires, rounded up to a whole millisecond. */
  deadline(seconds: number): number {
    return this.now() + Math.ceil(seconds * 1000);
  }

  isSealed(taskId: string): boolean {
    return this.archive.roundsOf(taskId) !== null;
  }

  /** The tasks of the types that a claim may take, in the order of claims. */
  ready(types: readonly string[]): Task[] {
    return [...this.tasks.values()]
      .filter(({ state, type }) => state === 'ready' && types.includes(type) && !this.paused.has(type))
      .sort((a, b) => b.priority - a.priority || a.runAt - b.runAt || (a.id < b.id ? -1 : 1));
  }

  heldUnder({ id, taskIds }: Lease): Task[] {
    return taskIds
      .flatMap((taskId) => this.tasks.get(taskId) ?? [])
      .filter((task) => isHeld(task) && task.leaseId === id);
  }
}
