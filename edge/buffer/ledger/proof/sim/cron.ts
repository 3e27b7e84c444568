import type { TaskRow } from '../../../../contract/ledger.ts';
import { windowOf } from '../../../../contract/task-id.ts';
import * as calls from './calls.ts';
import type { Network } from './network.ts';
import { type Submission, Violation, type World } from './world.ts';

const EVERY_MS = 30_000;
const SWEEP_AFTER_MS = 60_000;
const RETENTION_MS = 60_000;

/**
 * The cron job of the API Worker: inserts what the queue did not deliver, then closes windows step by step.
 * A step whose answer does not come is left to the next round.
 */
export class Cron {
  /** The archive: what each closed window held. */
  readonly archive = new Map<string, string>();
  readonly #world: World;
  readonly #network: Network;

  constructor(world: World, network: Network) {
    this.#world = world;
    this.#network = network;
    this.#round();
  }

  #round(): void {
    this.#world.clock.after(EVERY_MS, () => {
      this.#sweep([...this.#world.records.values()], () => {});
      const endedBefore = this.#world.clock.now - RETENTION_MS;
      this.#network.send(calls.closable(endedBefore), (windows) => {
        for (const window of windows) this.#close(window, endedBefore);
      });
      this.#network.send(calls.openSeals, (seals) => {
        for (const { window, archived, purgeable } of seals) {
          if (purgeable) this.#network.send(calls.purge(window), () => {});
          else if (!archived) this.#page(window, '', []);
        }
      });
      this.#round();
    });
  }

  /** Inserts what the ledger lacks of submissions that had their time, then goes on. */
  #sweep(submissions: readonly Submission[], done: () => void): void {
    const old = submissions.filter(({ acceptedAt }) => acceptedAt + SWEEP_AFTER_MS <= this.#world.clock.now);
    const counts = old.map(({ name, tasks }) => ({ submission: name, tasks: tasks.length }));
    this.#network.send(calls.incomplete(counts), (names) => {
      const missing = names.flatMap((name) => this.#world.records.get(name)?.tasks ?? []);
      if (missing.length === 0) done();
      else this.#network.send(calls.insert(missing), (taken) => taken && done());
    });
  }

  #close(window: string, endedBefore: number): void {
    const submissions = [...this.#world.records.values()].filter(({ name }) => windowOf(name) === window);
    this.#sweep(submissions, () => this.#network.send(calls.seal(window, endedBefore), () => {}));
  }

  #page(window: string, after: string, before: readonly TaskRow[]): void {
    this.#network.send(calls.archivePage(window, after), ({ tasks, more }) => {
      const rows = [...before, ...tasks];
      if (more) {
        this.#page(window, tasks.at(-1)?.id ?? '', rows);
        return;
      }
      this.#write(window, JSON.stringify(rows));
      this.#network.send(calls.markArchived(window), () => {});
    });
  }

  #write(window: string, record: string): void {
    const known = this.archive.get(window);
    if (known !== undefined && known !== record) {
      throw new Violation('sealed', `${window} was archived as ${known}, then as ${record}`);
    }
    this.archive.set(window, record);
  }
}
