import type { JobEnd } from './thread-protocol.ts';

/** The thread ended while a job ran. */
export class ThreadExit extends Error {
  override readonly name = 'ThreadExit';
  /** Its heap had reached its limit. */
  readonly outOfMemory: boolean;

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.outOfMemory = cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY';
  }
}

/** The jobs of a thread that have not ended. */
export class OpenJobs {
  readonly #open = new Map<number, PromiseWithResolvers<JobEnd>>();

  get size(): number {
    return this.#open.size;
  }

  has(id: number): boolean {
    return this.#open.has(id);
  }

  /** Resolves with the end of a job; rejects if its thread exits first. */
  add(id: number): Promise<JobEnd> {
    const open = Promise.withResolvers<JobEnd>();
    this.#open.set(id, open);
    // No code waits for a job that was taken back, so its rejection must not be unhandled.
    open.promise.catch(() => {});
    return open.promise;
  }

  /** The job was taken back before it started. */
  remove(id: number): void {
    this.#open.delete(id);
  }

  /** Ends jobs and ignores jobs that are not open. Returns whether any job was open. */
  resolve(ends: readonly JobEnd[]): boolean {
    let isAny = false;
    for (const end of ends) {
      const open = this.#open.get(end.jobId);
      if (!open) continue;
      isAny = true;
      this.#open.delete(end.jobId);
      open.resolve(end);
    }
    return isAny;
  }

  /** The thread has exited, so its jobs cannot end any more. */
  reject(cause: unknown): void {
    for (const { reject } of this.#open.values()) reject(new ThreadExit(cause));
    this.#open.clear();
  }
}
