import type { TaskOptions } from './types.ts';

/** What ends a call before its own end: it then rejects with the signal's reason. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface ListOptions extends CallOptions {
  /**
   * Calls that one page may take, 100 by default. A call looks at 10,000 tasks at most, so a filter that few
   * tasks match needs several; a page that is not full and has a `nextCursor` has used them up.
   */
  readonly maxCalls?: number | undefined;
}

export interface SubmitOptions extends TaskOptions, CallOptions {
  /**
   * A submission that comes again under its key, within 24 hours and from any process, is answered as before.
   * It costs two calls of the ledger. Without a key, only the repeats that the client itself makes count as one.
   */
  readonly idempotencyKey?: string | undefined;
}

export interface SubmitManyOptions extends CallOptions {
  /** As for one task; the batch at index n is submitted under `KEY.n`. */
  readonly idempotencyKey?: string | undefined;
  /** Called after each batch, with the ids of its tasks. */
  readonly onBatch?: ((taskIds: readonly string[]) => void) | undefined;
}

export interface WaitOptions extends CallOptions {
  /** Without it, the task may take any time. */
  readonly timeoutSeconds?: number | undefined;
}

export interface ChangeAllOptions extends CallOptions {
  /** Called after each call, with the ids of the tasks that it has changed. */
  readonly onPage?: ((taskIds: readonly string[]) => void) | undefined;
}

/** The tasks that a call has changed. */
export interface ChangedTasks {
  readonly count: number;
  readonly taskIds: readonly string[];
}
