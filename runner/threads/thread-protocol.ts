import type { MessagePort } from 'node:worker_threads';
import type { ReportedFailure } from '../../edge/contract/ledger/leases.ts';
import type { AttemptIds } from '../held-task.ts';
import type { TaskLog } from '../task.ts';

// Kept from before any task module is loaded.
const { exchange } = Atomics;

/** The data with which a thread runs one task. */
export interface Job extends AttemptIds {
  /** Names this run, of all that a pool ever starts; a task that runs again is another job. */
  readonly id: number;
  /** The URL of the file that defines the task's type. */
  readonly module: string;
  /** The payload as JSON text; the thread takes it out when the attempt begins, so as not to hold it twice. */
  payloadText: string | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly dataDir: string;
  /** The environment variables that the task's type names, those that are set. */
  readonly env: Readonly<Record<string, string>>;
}

/** Jobs that one thread runs one after the other. */
export interface JobBatch {
  readonly jobs: readonly Job[];
  /** A mark for each job, shared with the thread: see {@link tryStart}. A single job has none, it starts at once. */
  readonly started: Int32Array<SharedArrayBuffer> | undefined;
}

/** Claims a job, to start it or to take it back. True for the first caller, who then has the job. */
export function tryStart({ started }: JobBatch, index: number): boolean {
  return started === undefined || exchange(started, index, 1) === 0;
}

/** What a thread is given first, once: how it talks with the main thread, which no task can reach. */
export interface Setup {
  /** Every later order carries it: task code can call what piscina calls. */
  readonly token: string;
  readonly port: MessagePort;
  /** Shared with the main thread, one number: the cost of all notes that it has received. */
  readonly received: Int32Array<SharedArrayBuffer>;
}

/** What a thread is given at once: batches that it takes side by side. */
export interface BatchGroup {
  readonly token: string;
  readonly batches: readonly JobBatch[];
}

/** What a thread is given before its first task: the files to load. */
export interface WarmUp {
  readonly token: string;
  readonly modules: readonly string[];
}

/**
 * A thread waits while its notes of this cost are on their way, until the main thread has received some: they must
 * not keep that busy for long.
 */
export const NOTE_WINDOW = 2 ** 17;
/** What each note costs in addition to its characters. */
const NOTE_COST = 400;

/** What it costs the main thread to read a note, in characters. */
export function costOf(text: string): number {
  return text.length + NOTE_COST;
}
/**
 * A thread sends no longer text. The longest is an end with the largest result, whose JSON text becomes at most
 * twice as long within that of the message.
 */
export const MAX_MESSAGE_LENGTH = 2 ** 20;
/** Sent in place of what is longer. Task code has replaced what makes a message. */
export const UNSENT = 'unsent';
/** The most characters of a log line's message, and of its details as JSON. */
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
  /** What a job has left behind failed, after it had ended; where no job is known, nobody's. */
  | { readonly kind: 'stray'; readonly message: string }
  /** The job has posted a message to nobody, through the thread's public port. */
  | { readonly kind: 'unheard' };

/** A child process that runs beside its thread. */
export interface StartedChild {
  readonly pid: number;
  /** When it started, as Linux says; undefined on other systems. */
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

/** What a thread is sent: a job whose signal it aborts, or a question that it answers when it can. */
export type ToThread = { readonly jobId: number; readonly reason: string } | { readonly ping: true };
