import type { WorkerMessage } from './worker-messages.ts';

/** Counts the jobs that a worker process runs, and notifies its parent when all have run. */
export class Counters {
  readonly #expect: number;
  readonly #ended = new Set<number>();
  #firstAt: number | undefined;

  constructor(expect: number) {
    this.#expect = expect;
  }

  /** A job starts. */
  start(): void {
    this.#firstAt ??= Date.now();
  }

  /** Job `n` has ended. */
  end(n: number): void {
    if (this.#ended.has(n)) fail(`Job ${n} ran twice`);
    this.#ended.add(n);
    if (this.#ended.size !== this.#expect) return;
    const lastAt = Date.now();
    send({ kind: 'done', firstAt: this.#firstAt ?? lastAt, lastAt });
  }
}

/** Ends this worker process. The log contains the reason. */
export function fail(reason: unknown): never {
  console.error(reason);
  process.exit(1);
}

export function send(message: WorkerMessage): void {
  process.send?.(message);
}
