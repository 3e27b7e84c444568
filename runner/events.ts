import { EventEmitter } from 'eventemitter3';
import type { Health, Outcome as ReportOutcome } from '../edge/contract/api.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { EdgeCall } from './connection/edge-client.ts';
import type { AttemptIds, GrantedTask, HeldTask } from './held-task.ts';
import type { RunnerOptions } from './options.ts';
import type { TaskFailure, TaskLogLevel } from './threads/thread-protocol.ts';

/** What happens in a runner. The log, the metrics and the progress display only listen. */
export interface RunnerEvents {
  configured: [options: RunnerOptions, catalog: Catalog];
  connecting: [];
  connected: [worker: string, health: Health];
  /** Both workers answered and the threads have started; claiming starts. */
  ready: [];
  /** A claim is about to be sent. */
  polling: [];
  claimed: [claim: { leaseId: string; tasks: readonly GrantedTask[]; ready: number }];
  /** Nothing is ready and nothing is held; the next poll is due in `pollIntervalMs`. */
  idle: [wait: { pollIntervalMs: number }];
  started: [held: HeldTask];
  progress: [update: { held: HeldTask; value: unknown }];
  log: [line: { held: HeldTask; level: TaskLogLevel; message: string; details: unknown }];
  /** What an attempt has left behind failed, after it had ended; whose it was is not always known. */
  stray: [stray: { sentence: string; ids: AttemptIds | undefined }];
  /** The thread of a task does not end, although it has to: a native call runs to its end first. */
  stuck: [held: HeldTask];
  /** Such a thread has ended, this long after it had to. */
  unstuck: [end: { held: HeldTask; ms: number }];
  /** Something is wrong with a task, or with a task type, that is no outcome of an attempt. */
  warned: [warning: { sentence: string; ids: AttemptIds | undefined }];
  /** The attempt succeeded or failed; its report follows. One that was called off before it began did not run. */
  completed: [end: { held: HeldTask; ranMs: number | undefined }];
  failed: [end: { held: HeldTask; error: TaskFailure; ranMs: number | undefined }];
  /** The edge has answered for a result. */
  reported: [report: { held: HeldTask; success: boolean; outcome: ReportOutcome }];
  /** A task was given back before it ran to its end. */
  released: [held: HeldTask];
  /** The lease of a task ended before its result was accepted. */
  lost: [held: HeldTask];
  /** The edge has done what a call asked for. */
  answered: [answer: { call: EdgeCall; ms: number }];
  /** A call to the edge failed and will be repeated. */
  retrying: [error: Error];
  /** Told to stop: nothing more is claimed. */
  stopping: [];
  draining: [wait: { running: number; timeoutSeconds: number }];
  /** All has ended; `unanswered` tasks could neither be reported nor given back: their leases run out. */
  drained: [rest: { unanswered: number }];
}

export type RunnerBus = EventEmitter<RunnerEvents>;

export function createBus(): RunnerBus {
  return new EventEmitter<RunnerEvents>();
}
