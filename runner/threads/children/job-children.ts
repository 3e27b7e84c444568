import { ChildProcess } from 'node:child_process';
import { channel } from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildNote } from '../thread-protocol.ts';
import { endProcess, statOf } from './os-process.ts';

/** How long an attempt waits for its killed child processes to end. */
const END_TIMEOUT_MS = 1000;

export interface JobChildrenOptions {
  /** Notifies the main thread, which ends the child processes that this thread cannot end. */
  readonly onNote?: (note: ChildNote) => void;
  /** The job whose code runs now; undefined if the code does not belong to a job. */
  readonly currentJob: () => number | undefined;
  readonly isRunning: (job: number) => boolean;
}

/**
 * The child processes of this thread, by the job that started them. Node announces asynchronous child processes. A
 * synchronous one blocks its job, so it cannot outlive the job.
 */
export class JobChildren {
  readonly #options: JobChildrenOptions;
  readonly #alive = new Map<ChildProcess, number | undefined>();
  readonly #leaders = new WeakSet<ChildProcess>();

  constructor(options: JobChildrenOptions) {
    this.#options = options;
    channel('tracing:child_process.spawn:start').subscribe((message) => {
      const child = childIn(message);
      if (child && isDetached(message)) this.#leaders.add(child);
    });
    channel('tracing:child_process.spawn:end').subscribe((message) => {
      const child = childIn(message);
      if (child) this.#add(child);
    });
  }

  /**
   * Kills the child processes that a job has left running and waits for their end. The job must have ended.
   *
   * @returns the programs of these processes.
   */
  async end(job: number): Promise<string[]> {
    if (this.#alive.size === 0) return [];
    const left = [...this.#alive].filter(([, owner]) => owner === job).map(([child]) => child);
    await Promise.all(left.map((child) => this.#kill(child)));
    return left.map(({ spawnfile }) => spawnfile);
  }

  /** Kills all child processes at once and waits for their end. */
  async endAll(): Promise<void> {
    await Promise.all([...this.#alive.keys()].map((child) => this.#kill(child)));
  }

  #add(child: ChildProcess): void {
    const job = this.#options.currentJob();
    this.#alive.set(child, job);
    child.once('exit', () => {
      this.#alive.delete(child);
      if (child.pid !== undefined) this.#options.onNote?.({ kind: 'child-ended', pid: child.pid });
    });
    // The process has its id when the call that starts it returns. The thread may wait for work before its next tick.
    queueMicrotask(() => {
      const { pid } = child;
      if (pid === undefined || !this.#alive.has(child)) return;
      const startedAt = statOf(pid)?.startedAt;
      const isLeader = this.#leaders.has(child);
      this.#options.onNote?.({ kind: 'child-started', pid, startedAt, isLeader });
      // Code that a job left behind, such as a timer, must not start processes that outlive the job.
      if (job !== undefined && !this.#options.isRunning(job)) void this.#kill(child);
    });
  }

  async #kill(child: ChildProcess): Promise<void> {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    endProcess(child.pid, this.#leaders.has(child));
    await Promise.race([ended, sleep(END_TIMEOUT_MS, undefined, { ref: false })]);
  }
}

function childIn(message: unknown): ChildProcess | undefined {
  if (typeof message !== 'object' || message === null || !('process' in message)) return undefined;
  return message.process instanceof ChildProcess ? message.process : undefined;
}

/** Whether a child process becomes the leader of a process group that its own children join. */
function isDetached(message: unknown): boolean {
  if (typeof message !== 'object' || message === null || !('options' in message)) return false;
  const { options } = message;
  return (
    typeof options === 'object' && options !== null && 'detached' in options && Boolean(options.detached)
  );
}
