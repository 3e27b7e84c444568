import type { NewTask } from '../../../../contract/ledger/tasks.ts';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

export type Fault =
  | 'request lost'
  | 'answer lost'
  | 'request duplicated'
  | 'message slow'
  | 'queue message lost'
  | 'queue message duplicated'
  | 'queue message late'
  | 'ledger restarted'
  | 'crash inside a transaction'
  | 'alarm late'
  | 'runner crashed'
  | 'runner killed by a task'
  | 'runner died with unknown starts'
  | 'claim given up'
  | 'record unreadable'
  | 'ledger full'
  | 'sweep failed'
  | 'archive failed'
  | 'runner frozen'
  | 'runner drained'
  | 'task failed'
  | 'task cancelled'
  | 'task retried';

/** The state that all parts of a simulation share. */
export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly faults: Map<Fault, number>;
  /** Whether the faults have stopped, so that all tasks can end. Only the tasks themselves may still fail. */
  quiet: boolean;
  /** Whether no claim starts a task, so that the ledger knows starts only from heartbeats and reports. */
  readonly readsAheadOnly: boolean;
  /** The accepted submissions, as stored in KV. */
  readonly records: Map<string, Submission>;
  /** Windows for which a step of the cron job failed. They may be late. */
  readonly failing: Set<string>;
  trace(line: () => string): void;
}

export interface Submission {
  name: string;
  acceptedAt: number;
  tasks: NewTask[];
}

/** Whether a fault of this kind happens now. If so, it is counted. */
export function happens(world: World, fault: Fault, probability: number): boolean {
  if (world.quiet || !world.random.chance(probability)) return false;
  note(world, fault);
  return true;
}

export function note({ faults }: World, fault: Fault): void {
  faults.set(fault, (faults.get(fault) ?? 0) + 1);
}

/** A broken rule. */
export class Violation extends Error {
  readonly rule: string;

  constructor(rule: string, what: string) {
    super(`${rule}: ${what}`);
    this.rule = rule;
  }
}
