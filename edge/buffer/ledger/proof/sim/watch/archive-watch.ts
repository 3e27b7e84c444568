import type { ArchivePage, RoundEnd } from '../../../../../contract/ledger/archive.ts';
import { ofType, type PerType, valuesOf } from '../../../../../contract/per-type.ts';
import { windowEnd, windowOf } from '../../../../../contract/task-id.ts';
import { MINUTE, SECOND } from '../../../testing.ts';
import { Violation, type World } from '../world.ts';
import type { Change } from './changes.ts';

/** How long a round takes from the time at which it is due: its steps, and five minutes before the purge. */
const ROUND_MS = 8 * MINUTE;
const PURGE_AFTER_MS = 300 * SECOND;
const CLOSES_AFTER_MS = 120 * SECOND;

/** A task that has ended, or has not. */
interface Ending {
  readonly id: string;
  readonly type: string;
  /** When it ended last, in Unix milliseconds; null while it lives. */
  endedAt: number | null;
  /** When it had ended and nobody held it any more. */
  freeAt: number | null;
}

interface Round {
  /** What had ended in time when the round was opened. */
  readonly frozen: Set<string>;
  archivedAt: number | null;
}

/**
 * The rules of the archive:
 *
 * - sealed: nothing is inserted into a window that is closed;
 * - frozen: a round holds only what had ended in time, and nothing of it changes before it is purged;
 * - nothing lost: a purge deletes rows of its round only, five minutes after they were written;
 * - on time: ended rows leave, whatever their neighbours do and whatever fails for other windows.
 */
export class ArchiveWatch {
  readonly #world: World;
  readonly #closed = new Set<string>();
  /** The round of each window that is open. */
  readonly #rounds = new Map<string, Round>();
  /** How many rounds of each window were written. */
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

  /** A row was inserted or changed, or deleted by a purge. */
  checkChange({ kind, id }: Change, by: string): void {
    const window = windowOf(id);
    const round = this.#rounds.get(window);
    const isFrozen = round?.frozen.has(id) ?? false;
    if (kind === 'inserted' && this.#closed.has(window))
      throw new Violation('sealed', `${by} inserted ${id} into a closed window`);
    if (kind === 'changed' && isFrozen)
      throw new Violation('frozen', `${by} changed ${id}, which is on its way to the archive`);
    if (kind === 'deleted' && !(round && isFrozen && this.#isPurgeable(round)))
      throw new Violation('nothing lost', `${by} deleted ${id}, which was not archived`);
  }

  /** @param quietAt since when nothing goes wrong but what fails for some windows. */
  checkOnTime(tasks: Iterable<Ending>, retention: PerType, quietAt: number): void {
    const { clock, failing } = this.#world;
    const keptMs = Math.max(...valuesOf(retention)) * (1 + 1 / 24);
    for (const { id, freeAt } of tasks) {
      const window = windowOf(id);
      if (freeAt === null || failing.has(window)) continue;
      const end = windowEnd(window);
      const dueAt = freeAt + keptMs;
      // A round that came too early for the task is followed by one that is older by half the window's age.
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
