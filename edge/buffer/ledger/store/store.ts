import type { TaskSchedule } from '../../../contract/ledger/schedules.ts';
import { windowOf } from '../../../contract/task-id.ts';
import type { Counters } from './counters.ts';
import { parse } from './rows.ts';
import type { Sql } from './sql.ts';

/** The ledger's database, and the changes of the current call. */
export interface Store extends Sql {
  readonly counters: Counters;
  readonly takenBack: TakenBack[];
  /** The windows in which the current call has ended tasks. */
  readonly endedWindows: Set<string>;
  /** The schedules of which the current call has ended a run. */
  readonly endedRuns: Set<string>;
}

/**
 * Notes that a task has ended and that no runner runs it.
 *
 * @param schedule the task's schedule as stored; null for nearly all tasks.
 */
export function noteEnded(sql: Store, id: string, schedule: string | null): void {
  sql.endedWindows.add(windowOf(id));
  if (schedule !== null) sql.endedRuns.add(parse<TaskSchedule>(schedule).name);
}

/** Tasks that were taken back from one lease. */
export interface TakenBack {
  readonly leaseId: string | null;
  readonly runner: string | null;
  readonly reason: string;
  /** The tasks that had started. Their attempts are used. */
  readonly tasks: readonly { readonly taskId: string; readonly attempt: number }[];
  /** The ids of the tasks that had not started. */
  readonly unstarted: readonly string[];
}
