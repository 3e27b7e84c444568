import type { ArchivePage, RoundEnd } from '../../../../../contract/ledger/archive.ts';
import { ofType, type PerType, valuesOf } from '../../../../../contract/per-type.ts';
import { windowEnd, windowOf } from '../../../../../contract/task-id.ts';
import { MINUTE, SECOND } from '../../../testing.ts';
import { Violation, type World } from '../world.ts';
import type { Change } from './changes.ts';

/** How long a round takes after it is due: its steps, and the five minutes before the purge. */
const ROUND_MS = 9 * MINUTE;
const PURGE_AFTER_MS = 300 * SECOND;
const CLOSES_AFTER_MS = 120 * SECOND;

/** A task, and when it ended. */
interface Ending {
  readonly id: string;
  readonly type: string;
  /** When it last ended, in Unix milliseconds; null if it has not ended. */
  endedAt: number | null;
  /** When it had ended and no lease held it; null before. */
  freeAt: number | null;
}

interface Round {
  /** The tasks whose retention had passed when the round was opened. */
  readonly frozen: Set<string>;
  archivedAt: number | null;
}

/**
 * The rules of the archive:
 *
 * - sealed: no task is inserted into a closed window;
 * - frozen: a round contains only tasks that ended by its cutoff, and they do not change before they are purged;
 * - nothing lost: a purge deletes only rows of its round, five minutes after they were archived;
 * - on time: ended rows are purged in time, regardless of other tasks of the window and failures of other windows.
 */
export class ArchiveWatch {
  readonly #world: World;
  readonly #closed = new Set<string>();
  /** The open round of each window. */
  readonly #rounds = new Map<string, Round>();
  /** The number of written rounds of each window. */
  readonly #written = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  noteSeal(window: string, retention: PerType, tasks: Iterable<Ending>): void {
    this.#closed.add(window);
    if (this.#rounds.has(window)) return;
    const { now } = this.#world.clock;
    const frozen = [...tasks].filter(({ id, type, endedAt, freeAt }) => {
      const isOld = endedAt !== null && freeAt !== null && endedAt + ofType(retention, type) <= now;
      return isOld && windowOf(id) === window;
    });
    this.#rounds.set(window, { frozen: new Set(frozen.map(({ id }) => id)), archivedAt: null });
  }

  checkPage(window: string, page: ArchivePage | null): void {
    const frozen = this.#rounds.get(window)?.frozen;
    const wrong = page?.tasks.find(({ id }) => !frozen?.has(id));
    if (wrong) throw new Violation('frozen', `${wrong.id} is ${wrong.state} and in a round of ${window}`);
  }

  noteArchived(window: string, number: number, { tasks, upTo }: RoundEnd): void {
    const round = this.#rounds.get(window);
    const written = this.#written.get(window) ?? 0;
    if (!round || round.archivedAt !== null || number !== written) return;
    const { now } = this.#world.clock;
    round.archivedAt = tasks === 0 ? now - PURGE_AFTER_MS : now;
    if (tasks > 0) this.#written.set(window, written + 1);
    for (const id of round.frozen) if (upTo !== null && id > upTo) round.frozen.delete(id);
  }

  notePurge(window: string, { more }: { more: boolean }): void {
    const round = this.#rounds.get(window);
    if (!more && round && this.#isPurgeable(round)) this.#rounds.delete(window);
  }

  /** Checks an inserted or changed row, or a row that a purge deleted. */
  checkChange({ kind, id }: Change, by: string): void {
    const window = windowOf(id);
    const round = this.#rounds.get(window);
    const isFrozen = round?.frozen.has(id) ?? false;
    if (kind === 'inserted' && this.#closed.has(window))
      throw new Violation('sealed', `${by} inserted ${id} into a closed window`);
    if (kind === 'changed' && isFrozen)
      throw new Violation('frozen', `${by} changed ${id}, which is being archived`);
    if (kind === 'deleted' && !(round && isFrozen && this.#isPurgeable(round)))
      throw new Violation('nothing lost', `${by} deleted ${id}, which was not archived`);
  }

  /** @param quietAt the time after which no faults happen, except failing steps of some windows. */
  checkOnTime(tasks: Iterable<Ending>, retention: PerType, quietAt: number): void {
    const { clock, failing } = this.#world;
    const keptMs = Math.max(...valuesOf(retention)) * (1 + 1 / 24);
    for (const { id, freeAt } of tasks) {
      const window = windowOf(id);
      if (freeAt === null || failing.has(window)) continue;
      const end = windowEnd(window);
      const dueAt = freeAt + keptMs;
      // If a round came too early for the task, the next one comes when the window is older by half.
      const latest = Math.max(dueAt + Math.max(ROUND_MS, (dueAt - end) / 2), end + CLOSES_AFTER_MS);
      const leavesBy = Math.max(latest, quietAt + ROUND_MS + 2 * MINUTE) + ROUND_MS;
      if (clock.now > leavesBy)
        throw new Violation(
          'on time',
          `${id} ended ${(clock.now - freeAt) / SECOND} s ago and is still here`,
        );
    }
  }

  #isPurgeable({ archivedAt }: Round): boolean {
    return archivedAt !== null && archivedAt + PURGE_AFTER_MS <= this.#world.clock.now;
  }
}
