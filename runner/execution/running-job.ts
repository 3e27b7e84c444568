import type { TaskThread } from '../threads/task-thread.ts';
import type { JobEnd } from '../threads/thread-protocol.ts';

/** A job that was handed to a thread. */
export interface RunningJob {
  readonly id: number;
  readonly thread: TaskThread;
  /** Settles when the job has ended or its thread has exited, never before; rejects with {@link ThreadExit}. */
  readonly end: Promise<JobEnd>;
  /** Takes back a job that has not begun, which never ends then; false where it has begun. */
  takeBack(): boolean;
  /** Aborts the signal that the task was given; whether it listens is its own affair. */
  abort(reason: string): void;
}

/** The thread ended under a job. */
export class ThreadExit extends Error {
  override readonly name = 'ThreadExit';
  /** Its heap had reached its limit. */
  readonly outOfMemory: boolean;

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.outOfMemory = cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY';
  }
}
