import type { FailedStep, OpenSeal } from '../../../../contract/ledger/archive.ts';
import type { TaskRow } from '../../../../contract/ledger/tasks.ts';
import type { PerType } from '../../../../contract/per-type.ts';
import { windowOf } from '../../../../contract/task-id.ts';
import { MINUTE, SECOND } from '../../testing.ts';
import * as calls from './calls.ts';
import type { Network } from './network.ts';
import { note, type Submission, Violation, type World } from './world.ts';

const EVERY_MS = 30 * SECOND;
const SWEEP_AFTER_MS = 60 * SECOND;

/** How long ended tasks stay, in milliseconds. */
export const RETENTION: PerType = { default: 60 * SECOND, types: { email: 180 * SECOND } };

/**
 * The cron job of the API Worker. It inserts submissions that the queue did not deliver, each separately, and
 * archives windows in rounds, step by step. A step whose answer is lost is left to the next run. The inserts of
 * some submissions and the archive of some windows fail for a time.
 */
export class Cron {
  /** The archive: the rows of each round, by the window and the number of the round. */
  readonly archive = new Map<string, string>();
  readonly #world: World;
  readonly #network: Network;
  /** The time until which each step fails; 0 if it does not fail. */
  readonly #failsUntil = new Map<string, number>();
  /** Whether each round ends with its first page. */
  readonly #endsEarly = new Map<string, boolean>();

  constructor(world: World, network: Network) {
    this.#world = world;
    this.#network = network;
    this.#run();
  }

  /** The rows of a window in all its rounds. */
  archived(window: string): { id: string; state: string }[] {
    const records = [...this.archive].filter(([key]) => key.startsWith(window));
    return records.flatMap(([, record]) => JSON.parse(record));
  }

  #run(): void {
    const { clock, records } = this.#world;
    clock.after(EVERY_MS, () => {
      this.#network.send(calls.failures, (failures) => {
        const failed = new Map(
          failures.flatMap((it) => (it.step === 'sweep' ? [[it.name, it.retryAt]] : [])),
        );
        const due = [...records.values()].filter(({ name }) => (failed.get(name) ?? 0) <= clock.now);
        this.#sweep(
          due.filter(({ name }) => !failed.has(name)),
          () => {},
        );
        // The queue may have delivered a failed submission meanwhile.
        for (const submission of due.filter(({ name }) => failed.has(name))) {
          this.#sweep([submission], () =>
            this.#network.send(calls.clearFailure('sweep', submission.name), () => {}),
          );
        }
      });
      this.#network.send(calls.closable(RETENTION), (windows) => {
        for (const { window, sealed } of windows) this.#open(window, sealed);
      });
      this.#network.send(calls.openSeals, (seals) => {
        for (const seal of seals) {
          if (seal.purgeable) this.#network.send(calls.purge(seal.window), () => {});
          else if (!seal.archived) this.#page(seal, '', []);
        }
      });
      this.#run();
    });
  }

  /** Inserts old submissions that the ledger does not have. Calls `done` when the ledger has all of them. */
  #sweep(submissions: readonly Submission[], done: () => void): void {
    const old = submissions.filter(({ acceptedAt }) => acceptedAt + SWEEP_AFTER_MS <= this.#world.clock.now);
    const counts = old.map(({ name, tasks }) => ({ submission: name, tasks: tasks.length }));
    this.#network.send(calls.incomplete(counts), (names) => {
      let left = names.length;
      if (left === 0) done();
      for (const name of names) {
        this.#deliver(name, () => {
          left -= 1;
          if (left === 0) done();
        });
      }
    });
  }

  #deliver(name: string, done: () => void): void {
    if (this.#fails('sweep', name)) return;
    const tasks = this.#world.records.get(name)?.tasks ?? [];
    this.#network.send(calls.insert(tasks), (taken) => taken && done());
  }

  #open(window: string, isClosed: boolean): void {
    const open = () => this.#network.send(calls.seal(window, RETENTION), () => {});
    const submissions = [...this.#world.records.values()].filter(({ name }) => windowOf(name) === window);
    if (isClosed) open();
    else this.#sweep(submissions, open);
  }

  #page(seal: OpenSeal, after: string, before: readonly TaskRow[]): void {
    const { window, round } = seal;
    this.#network.send(calls.archivePage(window, round, after), (page) => {
      if (!page) return;
      const rows = [...before, ...page.tasks];
      if (page.next !== null && !this.#isCutShort(`${window} ${round}`)) {
        this.#page(seal, page.next, rows);
        return;
      }
      if (this.#fails('archive', window)) return;
      if (rows.length > 0) this.#write(`${window} ${round}`, JSON.stringify(rows));
      const end = { tasks: rows.length, upTo: page.next };
      this.#network.send(calls.markArchived(window, round, end), () => {});
      this.#network.send(calls.clearFailure('archive', window), () => {});
    });
  }

  /**
   * Whether a round ends with its first page, like a round that is too large for one key. Constant for a round.
   */
  #isCutShort(key: string): boolean {
    const { quiet, random } = this.#world;
    const isCut = this.#endsEarly.get(key) ?? (!quiet && random.chance(0.2));
    this.#endsEarly.set(key, isCut);
    return isCut;
  }

  /** Whether a step fails now. If so, the failure is reported to the ledger. */
  #fails(step: FailedStep, name: string): boolean {
    const { clock, random, failing } = this.#world;
    const key = `${step} ${name}`;
    const fault = step === 'sweep' ? 'sweep failed' : 'archive failed';
    const start = () => (random.chance(0.25) ? clock.now + random.int(MINUTE, 30 * MINUTE) : 0);
    const until = this.#failsUntil.get(key) ?? start();
    this.#failsUntil.set(key, until);
    if (until <= clock.now) return false;
    note(this.#world, fault);
    failing.add(windowOf(name));
    this.#network.send(calls.noteFailure(step, name), () => {});
    return true;
  }

  #write(key: string, record: string): void {
    const known = this.archive.get(key);
    if (known !== undefined && known !== record) {
      throw new Violation('frozen', `${key} was archived as ${known}, then as ${record}`);
    }
    this.archive.set(key, record);
  }
}
