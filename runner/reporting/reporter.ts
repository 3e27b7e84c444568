import type { Outcome as ReportOutcome } from '../../edge/contract/api.ts';
import { MAX_ANSWER_BYTES, MAX_REPORT_RESULTS } from '../../edge/contract/limits.ts';
import { firstPart } from '../../edge/contract/parts.ts';
import { type EdgeClient, EdgeError } from '../connection/edge-client.ts';
import { untilAnswered } from '../connection/retry.ts';
import type { RunnerBus } from '../events.ts';
import type { HeldTask } from '../held-task.ts';
import { MovingAverage } from '../lib/moving-average.ts';
import { WakeSignal } from '../lib/wake-signal.ts';
import type { Outcome } from '../threads/thread-protocol.ts';

/** The maximum number of concurrent requests, if there are more outcomes than fit into one. */
const MAX_REQUESTS = 2;

interface Report {
  readonly held: HeldTask;
  readonly success: boolean;
  /** The JSON text of one `TaskResult`. */
  readonly json: string;
  readonly bytes: number;
  readonly addedAt: number;
  /** It replaces an outcome that the edge has refused. */
  readonly substitute: boolean;
}

export interface ReporterOptions {
  readonly client: EdgeClient;
  readonly events: RunnerBus;
  /** Interrupts the request in flight, and gives up the remaining outcomes. */
  readonly signal: AbortSignal;
  /** The current minimum time between two requests, in milliseconds, in which more outcomes may arrive. */
  readonly spacingMs: () => number;
  /** The edge has accepted a task's outcome, or its lease does not hold the task any more. */
  readonly onAnswered: (held: HeldTask) => void;
}

/**
 * Sends outcomes to the API Worker with a minimum time between requests. Outcomes that arrive meanwhile are sent
 * with the next request. A second concurrent request is sent only if it is full. A request is retried until it is
 * answered; the ledger answers a repeated report with its first answer. If the edge refuses the content of a
 * request, its outcomes are sent in smaller requests, and the wrong one is reported as a failure of its task.
 */
export class Reporter {
  readonly #options: ReporterOptions;
  #queue: Report[] = [];
  readonly #sending = new Set<Promise<void>>();
  #sentAt = Number.NEGATIVE_INFINITY;
  /** The end of the pause that a busy ledger asked for. */
  #pausedUntil = 0;
  #flushing = false;
  readonly #wakeSignal = new WakeSignal();
  /** How long the edge takes to acknowledge an outcome, in milliseconds, without outages. */
  readonly reportMs = new MovingAverage();

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  add(held: HeldTask, outcome: Outcome): void {
    this.#queue.push(report(held, outcome));
    const isFull = this.#queue.length >= MAX_REPORT_RESULTS;
    if (this.#sending.size === 0 || (isFull && this.#sending.size < MAX_REQUESTS)) void this.#sendAll();
    else if (this.#untilNext() <= 0) this.#wakeSignal.notify();
  }

  /** Sends all remaining outcomes without a pause. Resolves when each is acknowledged or given up. */
  async flush(): Promise<void> {
    this.#flushing = true;
    this.#wakeSignal.notify();
    while (this.#sending.size > 0) await Promise.all(this.#sending);
  }

  async #sendAll(): Promise<void> {
    const { signal } = this.#options;
    const { promise: sending, resolve } = Promise.withResolvers<void>();
    this.#sending.add(sending);
    try {
      while (this.#queue.length > 0 && !signal.aborted) {
        for (let wait = this.#untilNext(); wait > 0; wait = this.#untilNext()) {
          if (this.#sending.size > 1) return;
          await this.#wakeSignal.wait(wait);
        }
        this.#sentAt = performance.now();
        await this.#send(this.#nextBatch());
      }
    } finally {
      // Synchronously: an outcome added from now on starts the next run.
      this.#sending.delete(sending);
      resolve();
    }
  }

  /** How long the next request must still wait for more outcomes, in milliseconds. */
  #untilNext(): number {
    if (this.#flushing) return 0;
    const now = performance.now();
    const pause = this.#pausedUntil - now;
    if (this.#queue.length >= MAX_REPORT_RESULTS) return pause;
    return Math.max(pause, this.#sentAt + this.#options.spacingMs() - now);
  }

  #nextBatch(): Report[] {
    const { length } = firstPart(this.#queue.slice(0, MAX_REPORT_RESULTS), MAX_ANSWER_BYTES);
    return this.#queue.splice(0, length);
  }

  async #send(batch: readonly Report[]): Promise<void> {
    const { client, events, signal } = this.#options;
    const body = `{"results":[${batch.map((one) => one.json).join(',')}]}`;
    let tries = 0;
    try {
      const call = () => {
        tries += 1;
        return client.report(body, { signal });
      };
      const { outcomes, spaceMs = 0 } = await untilAnswered(call, { events, signal });
      this.#pausedUntil = performance.now() + spaceMs;
      if (tries === 1 && batch[0]) this.reportMs.record(performance.now() - batch[0].addedAt);
      this.#takeOutcomes(batch, outcomes);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof EdgeError)) throw error;
      await this.#sendRefused(batch, error);
    }
  }

  async #sendRefused(batch: readonly Report[], refusal: EdgeError): Promise<void> {
    const [first] = batch;
    if (batch.length > 1) {
      const middle = Math.ceil(batch.length / 2);
      await this.#send(batch.slice(0, middle));
      await this.#send(batch.slice(middle));
    } else if (first && !first.substitute) {
      const error = { code: 'invalid_result', message: refusal.message, retryable: false };
      await this.#send([{ ...report(first.held, { error }), substitute: true }]);
    } else {
      // This outcome cannot be reported. The task's lease expires.
      this.#takeOutcomes(batch, []);
    }
  }

  #takeOutcomes(batch: readonly Report[], outcomes: readonly ReportOutcome[]): void {
    const byTask = new Map(outcomes.map((outcome) => [outcome.taskId, outcome]));
    for (const { held, success } of batch) {
      const outcome = byTask.get(held.task.taskId) ?? { taskId: held.task.taskId, status: 'unknown' };
      this.#options.onAnswered(held);
      this.#options.events.emit('reported', { held, success, outcome });
    }
  }
}

function report(held: HeldTask, outcome: Outcome): Report {
  const json = reportJson(held, outcome);
  return {
    held,
    success: !('error' in outcome),
    json,
    bytes: Buffer.byteLength(json),
    addedAt: performance.now(),
    substitute: false,
  };
}

function reportJson({ task, leaseId, entry }: HeldTask, outcome: Outcome): string {
  const head = `"taskId":"${task.taskId}","leaseId":"${leaseId}"`;
  if (!('error' in outcome)) {
    return outcome.result === undefined
      ? `{${head},"success":true}`
      : `{${head},"success":true,"result":${outcome.result}}`;
  }
  const { code, message, retryable } = outcome.error;
  const retry = { maxAttempts: entry.maxAttempts, backoff: entry.backoff };
  return `{${head},"success":false,"error":${JSON.stringify({ code, message, retryable })},"retry":${JSON.stringify(retry)}}`;
}
