import type { ReportedFailure } from '../edge/contract/ledger.ts';

/** What a thread is given to run one task. */
export interface Job {
  readonly taskId: string;
  readonly attempt: number;
  /** The URL of the file that defines the task's type. */
  readonly module: string;
  readonly payload: unknown;
  readonly dataDir: string;
}

/** How an attempt ended: with its result as JSON text, or with an error. */
export type Outcome = { readonly result: string | undefined } | { readonly error: TaskFailure };

export interface TaskFailure extends ReportedFailure {
  /** The name of the error that was thrown, such as `TypeError`. */
  readonly name?: string | undefined;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type TaskLogLevel = (typeof LOG_LEVELS)[number];

/** What a running task says before it ends. */
export type ThreadMessage =
  | { readonly kind: 'progress'; readonly taskId: string; readonly value: unknown }
  | {
      readonly kind: 'log';
      readonly taskId: string;
      readonly level: TaskLogLevel;
      readonly message: string;
      readonly details: unknown;
    };

/** Sent to every thread of a pool; the one that runs the task aborts its signal. */
export interface AbortMessage {
  readonly taskId: string;
  readonly reason: string;
}
