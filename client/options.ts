import type { TaskOptions } from './types.ts';

/** Options of every call. */
export interface CallOptions {
  /** Aborts the call, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a call that lists tasks. */
export interface ListOptions extends CallOptions {
  /**
   * Maximum number of calls for one page; 100 by default. A call looks at 10,000 tasks at most, so a filter that
   * few tasks match needs several. A page that is not full but has a `nextCursor` has used them up.
   */
  readonly maxCalls?: number | undefined;
}

/** Options of a submission. */
export interface SubmitOptions extends TaskOptions, CallOptions {
  /**
   * A repeat with the same key within 24 hours, from any process, gets the first answer and submits nothing. A
   * key costs two calls of the ledger. Without a key, only the client's own repeats count as one submission.
   */
  readonly idempotencyKey?: string | undefined;
}

/** Options of a submission of many tasks. */
export interface SubmitManyOptions extends CallOptions {
  /** As for one task. The batch at index n is submitted with the key `KEY.n`. */
  readonly idempotencyKey?: string | undefined;
  /** Called after each batch, with the ids of its tasks. */
  readonly onBatch?: ((taskIds: readonly string[]) => void) | undefined;
}

/** Options of a wait. */
export interface WaitOptions extends CallOptions {
  /** Seconds to wait; no limit by default. */
  readonly timeoutSeconds?: number | undefined;
}

/** Options of a call that changes many tasks. */
export interface ChangeAllOptions extends CallOptions {
  /** Called after each call, with the ids of the tasks that it changed. */
  readonly onPage?: ((taskIds: readonly string[]) => void) | undefined;
}

/** The tasks that a call has changed. */
export interface ChangedTasks {
  readonly count: number;
  readonly taskIds: readonly string[];
}
