import type { TaskRow } from './tasks.ts';

/** A window that is due for an archive round. */
export interface DueWindow {
  window: string;
  /** Whether an earlier round has sealed it. */
  sealed: boolean;
}

/** An archive round that is not purged yet. */
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
  /** The id after which the next page begins; null after the last. A page may be empty and not the last. */
  next: string | null;
}

/** What a round has written. */
export interface RoundEnd {
  /** 0 if the round found nothing, and so has no key. */
  tasks: number;
  /** The last id that the round covers; null if it covers the whole window. Later ids are for the next round. */
  upTo: string | null;
}

/** A step of the cron job that can fail and is repeated. */
export type FailedStep = 'archive' | 'sweep';

/** A step that fails. Times are Unix milliseconds. */
export interface Failure {
  step: FailedStep;
  /** A window, or for a sweep a submission. */
  name: string;
  failures: number;
  /** When it failed first. */
  since: number;
  /** When it is tried again. */
  retryAt: number;
}
