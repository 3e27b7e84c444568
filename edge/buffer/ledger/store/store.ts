import type { Counters } from './counters.ts';
import type { Sql } from './sql.ts';

/** The ledger's database, and what the call under way has done in it. */
export interface Store extends Sql {
  readonly counters: Counters;
  readonly takenBack: TakenBack[];
  /** The windows in which tasks have ended. */
  readonly endedWindows: Set<string>;
}

/** Tasks that were taken back from one lease. */
export interface TakenBack {
  readonly leaseId: string | null;
  readonly runner: string | null;
  readonly reason: string;
  /** Those that had started; their attempts are spent. */
  readonly tasks: readonly { readonly taskId: string; readonly attempt: number }[];
  /** The ids of those that had not. */
  readonly unstarted: readonly string[];
}
