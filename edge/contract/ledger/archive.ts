import type { TaskRow } from './tasks.ts';

/** A window that is due for an archive round. */
export interface DueWindow {
  window: string;
  /** Whether an earlier round has sealed it. */
  sealed: boolean;
}

/** An archive round whose rows are not all purged yet. */
export interface OpenSeal {
  window: string;
  /** The rounds of a window count from 0. */
  round: number;
  archived: boolean;
  purgeable: boolean;
}

/** A page of the rows of an archive round. */
export interface ArchivePage {
  tasks: TaskRow[];
  /** The id after which the next page begins; null on the last page. A page that is not the last may be empty. */
  next: string | null;
}

/** The result of a round. */
export interface RoundEnd {
  /** The number of tasks. If it is 0, the round has no KV key. */
  tasks: number;
  /** The last id that the round covers; null if it covers the whole window. The next round takes later ids. */
  upTo: string | null;
}

/** A step of the cron job that is retried if it fails. */
export type FailedStep = 'archive' | 'sweep';

/** A failing step. Times are Unix milliseconds. */
export interface Failure {
  step: FailedStep;
  /** The window; the submission if the step is a sweep. */
  name: string;
  failures: number;
  /** When the step first failed. */
  since: number;
  /** When the step is retried. */
  retryAt: number;
}
