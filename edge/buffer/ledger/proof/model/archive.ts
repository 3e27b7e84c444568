import type {
  ArchivePage,
  DueWindow,
  FailedStep,
  Failure,
  OpenSeal,
  RoundEnd,
} from '../../../../contract/ledger/archive.ts';
import { ofType, type PerType, valuesOf } from '../../../../contract/per-type.ts';
import { windowEnd, windowOf } from '../../../../contract/task-id.ts';
import { archivedOf, isHeld, type Task } from './task.ts';

/** A window that is closed to inserts, and its latest archive round. */
interface Seal {
  /** How many rounds are written. */
  rounds: number;
  isOpen: boolean;
  openedAt: number;
  archivedAt: number | null;
  /** The round contains the tasks of a type that ended by this time. */
  cutoff(type: string): number;
  /** The last id that the round covers; null if it covers the whole window. */
  upTo: string | null;
}

/**
 * The model of the archive. After every call:
 *
 * - A window has at most one open round. Its tasks ended before the round was opened, and no lease holds them.
 * - The tasks of an open round do not change until they are purged.
 * - No task is inserted into a window that had a round.
 * - A window with an ended task that is in no round is listed.
 */
export class ArchiveModel {
  readonly #tasks: Map<string, Task>;
  readonly #now: () => number;
  readonly #seals = new Map<string, Seal>();
  /** The time since which each window has an ended task that is in no round. */
  readonly #endedSince = new Map<string, number>();
  readonly #failures = new Map<string, Failure>();

  constructor(tasks: Map<string, Task>, now: () => number) {
    this.#tasks = tasks;
    this.#now = now;
  }

  /** How many rounds of a task's window are written; null if the window is not closed. */
  roundsOf(taskId: string): number | null {
    return this.#seals.get(windowOf(taskId))?.rounds ?? null;
  }

  isFrozen(task: Task): boolean {
    const seal = this.#seals.get(windowOf(task.id));
    if (!seal?.isOpen || isHeld(task) || task.completedAt === null) return false;
    return task.completedAt <= seal.cutoff(task.type) && (seal.upTo === null || task.id <= seal.upTo);
  }

  /** Records that a task has ended, or that its runner has dropped it after its end. */
  noteEnd({ id }: Task, at = this.#now()): void {
    const window = windowOf(id);
    this.#endedSince.set(window, Math.min(at, this.#endedSince.get(window) ?? at));
  }

  /** When a task has ended. A task that is dropped while a round is open ends after that round's cutoff. */
  endedAt(task: Task): number | null {
    const seal = this.#seals.get(windowOf(task.id));
    return seal?.isOpen && task.completedAt !== null
      ? Math.max(task.completedAt, seal.openedAt)
      : task.completedAt;
  }

  closable(retention: PerType, limit: number, early = false): DueWindow[] {
    const now = this.#now();
    const since = now - Math.min(...valuesOf(retention)) * (1 + 1 / 24);
    return [...this.#endedSince]
      .filter(([window, at]) => at <= since && !this.#isFailing('archive', window))
      .map(([window]) => window)
      .sort()
      .filter((window) => windowEnd(window) + 120_000 <= now && !this.#seals.get(window)?.isOpen)
      .filter((window) => {
        const seal = this.#seals.get(window);
        if (!seal) return this.#mayClose(window);
        const isSoon = early && seal.rounds < 32;
        return isSoon || seal.openedAt + (seal.openedAt - windowEnd(window)) / 2 <= now;
      })
      .map((window) => ({ window, sealed: this.#seals.has(window) }))
      .slice(0, limit);
  }

  seal(window: string, retention: PerType): boolean {
    const known = this.#seals.get(window);
    if (known?.isOpen) return true;
    if (!known && !this.#mayClose(window)) return false;
    const now = this.#now();
    this.#seals.set(window, {
      ...{ rounds: known?.rounds ?? 0, isOpen: true, openedAt: now, archivedAt: null, upTo: null },
      cutoff: (type) => now - Math.max(1000, ofType(retention, type)),
    });
    this.#endedSince.delete(window);
    return true;
  }

  openSeals(limit: number): OpenSeal[] {
    return [...this.#seals]
      .filter(([window, seal]) => seal.isOpen && !this.#isFailing('archive', window))
      .sort(([a, one], [b, other]) => one.openedAt - other.openedAt || (a < b ? -1 : 1))
      .slice(0, limit)
      .map(([window, seal]) => ({
        ...{ window, round: seal.rounds, archived: seal.archivedAt !== null },
        purgeable: this.#isPurgeable(seal),
      }));
  }

  archivePage(window: string, round: number): ArchivePage | null {
    if (!this.#isWritten(window, round)) return null;
    return { tasks: this.#frozen(window).map(archivedOf), next: null };
  }

  markArchived(window: string, round: number, { tasks, upTo }: RoundEnd): void {
    const seal = this.#seals.get(window);
    if (!seal || !this.#isWritten(window, round)) return;
    // A round without tasks has no key, so its purge does not wait until a key can be read.
    if (tasks > 0) seal.rounds += 1;
    Object.assign(seal, { archivedAt: this.#now() - (tasks > 0 ? 0 : 300_000), upTo });
  }

  purge(window: string): { more: boolean } {
    const seal = this.#seals.get(window);
    if (!seal?.isOpen || !this.#isPurgeable(seal)) return { more: false };
    for (const { id } of this.#frozen(window)) this.#tasks.delete(id);
    seal.isOpen = false;
    for (const task of this.#ofWindow(window)) {
      if (task.completedAt !== null && !isHeld(task)) this.noteEnd(task, task.completedAt);
    }
    return { more: false };
  }

  noteFailure(step: FailedStep, name: string): boolean {
    const key = `${step} ${name}`;
    const now = this.#now();
    const { failures, since } = this.#failures.get(key) ?? { failures: 0, since: now };
    const retryAt = now + Math.min(60_000 * 2 ** failures, 3_600_000);
    this.#failures.set(key, { step, name, failures: failures + 1, since, retryAt });
    return true;
  }

  clearFailure(step: FailedStep, name: string): void {
    this.#failures.delete(`${step} ${name}`);
  }

  failures(): Failure[] {
    return [...this.#failures.values()];
  }

  /** A window must not be closed while one of its submissions could not be delivered. */
  #mayClose(window: string): boolean {
    const isHindered = this.failures().some(({ step, name }) => step === 'sweep' && name.startsWith(window));
    return windowEnd(window) + 120_000 <= this.#now() && !isHindered;
  }

  #isFailing(step: FailedStep, name: string): boolean {
    return (this.#failures.get(`${step} ${name}`)?.retryAt ?? 0) > this.#now();
  }

  #isWritten(window: string, round: number): boolean {
    const seal = this.#seals.get(window);
    return seal?.isOpen === true && seal.rounds === round && seal.archivedAt === null;
  }

  #isPurgeable({ archivedAt }: Seal): boolean {
    return archivedAt !== null && archivedAt + 300_000 <= this.#now();
  }

  #ofWindow(window: string): Task[] {
    return [...this.#tasks.values()].filter((task) => windowOf(task.id) === window);
  }

  #frozen(window: string): Task[] {
    const tasks = this.#ofWindow(window).filter((task) => this.isFrozen(task));
    return tasks.sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}
