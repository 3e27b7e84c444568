import type { ReportedFailure } from '../edge/contract/ledger.ts';
import type { AttemptIds } from './held-task.ts';
import type { TaskLog } from './task.ts';

/** What a thread is given to run one task. */
export interface Job extends AttemptIds {
  /** Names this run, of all that a pool ever starts; a task that runs again is another job. */
  readonly id: number;
  /** The URL of the file that defines the task's type. */
  readonly module: string;
  readonly payload: unknown;
  readonly dataDir: string;
  /** The environment variables that the task's type names, those that are set. */
  readonly env: Readonly<Record<string, string>>;
}

/** Jobs that a thread runs one after the other. */
export interface Turn {
  readonly jobs: readonly Job[];
  /** Shared with the thread, a mark for each job: see {@link mark}. A job alone has none, it begins at once. */
  readonly marks: Int32Array<SharedArrayBuffer> | undefined;
}

/** Marks a job, to begin it or to take it back; true for the first to do so, who has it then. */
export function mark({ marks }: Turn, index: number): boolean {
  return marks === undefined || Atomics.exchange(marks, index, 1) === 0;
}

/** What a thread is given at once: turns that it takes side by side. */
export interface TurnGroup {
  readonly turns: readonly Turn[];
}

/** What a thread is given before its first task: the files to load. */
export interface WarmUp {
  readonly modules: readonly string[];
}

/** How an attempt ended: with its result as JSON text, or with an error. */
export type Outcome = { readonly result: string | undefined } | { readonly error: TaskFailure };

export interface TaskFailure extends ReportedFailure {
  /** The name of the error that was thrown, such as `TypeError`. */
  readonly name?: string | undefined;
}

/** How a job has ended; `messages` of it were sent before. */
export interface JobEnd {
  readonly jobId: number;
  readonly outcome: Outcome;
  /** How long it ran, in milliseconds. */
  readonly ms: number;
  readonly messages: number;
}

export type TaskLogLevel = keyof TaskLog;

/** What a thread says of a job, mostly before it ends. */
export type ThreadNote =
  | { readonly kind: 'progress'; readonly value: unknown }
  | {
      readonly kind: 'log';
      readonly level: TaskLogLevel;
      readonly message: string;
      readonly details: unknown;
    }
  /** The job is about to end its thread. */
  | { readonly kind: 'exit'; readonly code: string }
  /** What a job has left behind failed, after it had ended; where no job is known, nobody's. */
  | { readonly kind: 'stray'; readonly message: string; readonly ids: AttemptIds | undefined };

export type ThreadMessage = ThreadNote & { readonly jobId: number };

/** What a thread sends: what it says of a job, or the ends of some while others of its group go on. */
export type FromThread = ThreadMessage | { readonly ends: readonly JobEnd[] };

/** Sent to every thread of a pool; the one that runs the job aborts its signal. */
export interface AbortMessage {
  readonly jobId: number;
  readonly reason: string;
}
