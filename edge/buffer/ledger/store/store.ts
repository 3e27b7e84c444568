import type { Counters } from './counters.ts';
import type { Sql } from './sql.ts';

/** The ledger's database, and the changes of the current call. */
export interface Store extends Sql {
  readonly counters: Counters;
  readonly takenBack: TakenBack[];
  /** The windows in which the current call has ended tasks. */
  readonly endedWindows: Set<string>;
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
