import { EventEmitter } from 'eventemitter3';
import type { Health, Outcome as ReportOutcome } from '../edge/contract/api.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { EdgeCall } from './connection/edge-client.ts';
import type { AttemptIds, GrantedTask, HeldTask } from './held-task.ts';
import type { RunnerOptions } from './options.ts';
import type { TaskFailure, TaskLogLevel } from './threads/thread-protocol.ts';

/** The events of a runner. The log and the metrics only listen to them. */
export interface RunnerEvents {
  configured: [options: RunnerOptions, catalog: Catalog];
  connecting: [];
  connected: [worker: string, health: Health];
  /** Both workers have answered and the threads have started. Claiming starts. */
  ready: [];
  /** A claim is about to be sent. */
  polling: [];
  claimed: [claim: { leaseId: string; tasks: readonly GrantedTask[]; ready: number }];
  /** No task is ready and the runner holds none. The next poll is due in `pollIntervalMs`. */
  idle: [wait: { pollIntervalMs: number }];
  started: [held: HeldTask];
  progress: [update: { held: HeldTask; value: unknown }];
  log: [line: { held: HeldTask; level: TaskLogLevel; message: string; details: unknown }];
  /** Code that an attempt left behind failed after the attempt had ended. The attempt is not always known. */
  stray: [stray: { sentence: string; ids: AttemptIds | undefined }];
  /** The thread of a task must end but does not, because native code that it runs must finish first. */
  stuck: [held: HeldTask];
  /** A stuck thread has ended, `ms` after it was told to. */
  unstuck: [end: { held: HeldTask; ms: number }];
  /** A problem with a task or a task type that is not the outcome of an attempt. */
  warned: [warning: { sentence: string; ids: AttemptIds | undefined }];
  /** The attempt succeeded or failed; its report follows. `ranMs` is undefined if it never started. */
  completed: [end: { held: HeldTask; ranMs: number | undefined }];
  failed: [end: { held: HeldTask; error: TaskFailure; ranMs: number | undefined }];
  /** The edge has acknowledged a result. */
  reported: [report: { held: HeldTask; success: boolean; outcome: ReportOutcome }];
  /** The runner gave a task back before the task ended. */
  released: [held: HeldTask];
  /** The lease of a task ended before its result was accepted. */
  lost: [held: HeldTask];
  /** A call to the edge succeeded. */
  answered: [answer: { call: EdgeCall; ms: number }];
  /** A call to the edge failed and will be repeated. */
  retrying: [error: Error];
  /** The runner stops and claims no more tasks. */
  stopping: [];
  draining: [wait: { running: number; timeoutSeconds: number }];
  /** Everything has ended. `unanswered` tasks could neither be reported nor given back: their leases expire. */
  drained: [rest: { unanswered: number }];
}

export type RunnerBus = EventEmitter<RunnerEvents>;

export function createBus(): RunnerBus {
  return new EventEmitter<RunnerEvents>();
}
