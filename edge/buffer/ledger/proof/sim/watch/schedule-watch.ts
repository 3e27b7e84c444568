import type { TaskSchedule } from '../../../../../contract/ledger/schedules.ts';
import { isTerminal, type TaskState } from '../../../../../contract/task.ts';
import { Violation, type World } from '../world.ts';
import type { Change } from './changes.ts';

interface Run {
  readonly id: string;
  readonly state: TaskState;
  readonly holder: string | null;
}

/**
 * The rules of schedules. Those of the simulation queue planned times while a run is alive, and run all that were
 * missed:
 *
 * - one run: a planned time has one task, not before it is reached;
 * - no overlap: no run begins while another run of its schedule is alive;
 * - all run: each planned time has a task at the end.
 */
export class ScheduleWatch {
  readonly #world: World;
  /** The planned times that have a task, by schedule. */
  readonly #ran = new Map<string, Set<number>>();
  /** The latest task of each schedule. */
  readonly #latest = new Map<string, string>();

  constructor(world: World) {
    this.#world = world;
  }

  noteInserted({ id, schedule }: Change, runOf: (id: string) => Run | undefined): void {
    if (schedule === null) return;
    const { name, plannedAt }: TaskSchedule = JSON.parse(schedule);
    const ran = this.#ran.get(name) ?? new Set();
    this.#ran.set(name, ran);
    if (ran.has(plannedAt)) throw new Violation('one run', `${name} ran twice for ${plannedAt}`);
    if (plannedAt > this.#world.clock.now) throw new Violation('one run', `${name} ran before ${plannedAt}`);
    const before = runOf(this.#latest.get(name) ?? '');
    if (before && (!isTerminal(before.state) || before.holder !== null)) {
      throw new Violation('no overlap', `${id} began while ${before.id} was ${before.state}`);
    }
    ran.add(plannedAt);
    this.#latest.set(name, id);
  }

  /** The task of the latest run of a schedule. */
  latest(name: string): string | undefined {
    return this.#latest.get(name);
  }

  /** The planned times of a schedule that have no task. */
  missing(name: string, plannedAts: readonly number[]): number[] {
    const ran = this.#ran.get(name);
    return plannedAts.filter((at) => !ran?.has(at));
  }
}
