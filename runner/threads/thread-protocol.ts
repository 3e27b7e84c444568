import type { MessagePort } from 'node:worker_threads';
import type { ReportedFailure } from '../../edge/contract/ledger/leases.ts';
import type { ScheduledRun } from '../../edge/contract/schedule.ts';
import type { AttemptIds } from '../held-task.ts';
import type { TaskLog } from '../task.ts';

// Saved before any task module is loaded, so tasks cannot replace it.
const { exchange } = Atomics;

/** The data with which a thread runs one task. */
export interface Job extends AttemptIds {
  /** Unique among all jobs of a pool. Each attempt of a task is a separate job. */
  readonly id: number;
  /** The URL of the file that defines the task's type. */
  readonly module: string;
  /** The payload as JSON text. The thread removes it when the attempt begins, so it is not in memory twice. */
  payloadText: string | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly schedule: ScheduledRun | undefined;
  readonly dataDir: string;
  /** The environment variables that the task's type names and that are set. */
  readonly env: Readonly<Record<string, string>>;
}

/** Jobs that one thread runs one after the other. */
export interface JobBatch {
  readonly jobs: readonly Job[];
  /**
   * A mark for each job, shared with the thread: see {@link tryStart}. A single job of a
   * thread that is not shared has none, it starts at once.
   */
  readonly started: Int32Array<SharedArrayBuffer> | undefined;
}

/** Claims a job, to start it or to take it back. Returns true for the first caller only. */
export function tryStart({ started }: JobBatch, index: number): boolean {
  return started === undefined || exchange(started, index, 1) === 0;
}

/** The first order of a thread, with the private port to the main thread. */
export interface Setup {
  /** Every later order contains it, because task code can call the function that piscina calls. */
  readonly token: string;
  readonly port: MessagePort;
  /** One number that is shared with the main thread: the cost of all notes that it has received. */
  readonly received: Int32Array<SharedArrayBuffer>;
}

/** An order to run batches at the same time. */
export interface BatchGroup {
  readonly token: string;
  readonly batches: readonly JobBatch[];
}

/** An order to load files before the first task. */
export interface WarmUp {
  readonly token: string;
  readonly modules: readonly string[];
}

/**
 * The maximum cost of notes that a thread sends before the main thread acknowledges them. It bounds how long they
 * keep the main thread busy.
 */
export const NOTE_WINDOW = 2 ** 17;
/** The cost of each note in addition to its characters. */
const NOTE_COST = 400;

/** The cost for the main thread to read a note, in characters. */
export function costOf(text: string): number {
  return text.length + NOTE_COST;
}
/**
 * The maximum length of a message. The longest is an end with the largest result, whose JSON text becomes at most
 * twice as long inside the message.
 */
export const MAX_MESSAGE_LENGTH = 2 ** 20;
/** Sent instead of a longer message, which only task code can have caused. */
export const UNSENT = 'unsent';
/** The maximum number of characters of a log line's message, and of its details as JSON. */
export const MAX_LOG_LENGTH = 8192;

/** How an attempt ended: with its result as JSON text, or with an error. */
export type Outcome = { readonly result: string | undefined } | { readonly error: TaskFailure };

export interface TaskFailure extends ReportedFailure {
  /** The name of the error that was thrown, such as `TypeError`. */
  readonly name?: string | undefined;
}

/** The end of a job. */
export interface JobEnd {
  readonly jobId: number;
  readonly outcome: Outcome;
  /** How long it ran, in milliseconds. */
  readonly ms: number;
}

export type TaskLogLevel = keyof TaskLog;

/** What a thread reports about a job, mostly before it ends; values travel as JSON text. */
export type ThreadNote =
  | { readonly kind: 'progress'; readonly value: string }
  | {
      readonly kind: 'log';
      readonly level: TaskLogLevel;
      readonly message: string;
      readonly details: string | undefined;
    }
  /** The job is about to end its thread. */
  | { readonly kind: 'exit'; readonly code: string }
  /** Code that an ended job left behind has failed. `jobId` is 0 if the job is unknown. */
  | { readonly kind: 'stray'; readonly message: string }
  /** The job has posted a message to `parentPort`, which nothing receives. */
  | { readonly kind: 'unheard' };

/** A child process that does not block its thread. */
export interface StartedChild {
  readonly pid: number;
  /** The start time that Linux reports; undefined on other systems. */
  readonly startedAt?: string | undefined;
  /** It leads a process group. */
  readonly isLeader: boolean;
}

/** What a thread reports about its child processes. */
export type ChildNote =
  | ({ readonly kind: 'child-started' } & StartedChild)
  | { readonly kind: 'child-ended'; readonly pid: number };

/**
 * The messages of a thread, as JSON text: a note about a job or a child process, the ends of some jobs while
 * others of their group continue, or the answer that it turns its event loop.
 */
export type FromThread =
  | (ThreadNote & { readonly jobId: number })
  | ChildNote
  | { readonly ends: readonly JobEnd[] }
  | { readonly kind: 'pong' };

/** The messages to a thread: abort the signal of a job, or a ping. */
export type ToThread = { readonly jobId: number; readonly reason: string } | { readonly ping: true };
