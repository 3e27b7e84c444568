import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome as ReportOutcome } from '../edge/contract/api.ts';
import { MAX_ANSWER_BYTES, MAX_REPORT_RESULTS } from '../edge/contract/limits.ts';
import type { EdgeClient } from './edge-client.ts';
import type { RunnerBus } from './events.ts';
import type { HeldTask } from './held-task.ts';
import { MovingAverage } from './moving-average.ts';
import { untilAnswered } from './retry.ts';
import type { Outcome } from './thread-protocol.ts';

/** The least time between two requests: a lone outcome goes at once, many go together. */
const SPACING_MS = 50;

interface Report {
  readonly held: HeldTask;
  readonly success: boolean;
  /** The JSON text of one `TaskResult`. */
  readonly json: string;
  readonly addedAt: number;
}

export interface ReporterOptions {
  readonly client: EdgeClient;
  readonly events: RunnerBus;
  /** The edge has answered for a task: accepted, or told that its lease does not hold it. */
  readonly onAnswered: (held: HeldTask) => void;
}

/**
 * Sends outcomes to the API Worker, one request at a time and some time apart: what ends meanwhile goes with
 * the next. A request is repeated until it is answered; the ledger gives a repeated report its first answer.
 */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #stopped = new AbortController();
  #queue: Report[] = [];
  #sending: Promise<void> | undefined;
  #sentAt = Number.NEGATIVE_INFINITY;
  /** How long an outcome takes to be answered for, in milliseconds. */
  readonly reportMs = new MovingAverage();

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  add(held: HeldTask, outcome: Outcome): void {
    this.#queue.push({
      held,
      success: !('error' in outcome),
      json: reportJson(held, outcome),
      addedAt: performance.now(),
    });
    this.#sending ??= this.#sendAll();
  }

  /** Resolves when every outcome is answered for, or when `signal` gives up on the rest. */
  async drain(signal: AbortSignal): Promise<void> {
    const giveUp = () => this.#stopped.abort(signal.reason);
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    await this.#sending;
    signal.removeEventListener('abort', giveUp);
  }

  async #sendAll(): Promise<void> {
    while (this.#queue.length > 0 && !this.#stopped.signal.aborted) {
      const early = this.#sentAt + SPACING_MS - performance.now();
      if (early > 0 && this.#queue.length < MAX_REPORT_RESULTS) await sleep(early);
      this.#sentAt = performance.now();
      await this.#send(this.#nextBatch());
    }
    this.#sending = undefined;
  }

  #nextBatch(): Report[] {
    let length = 0;
    const batch = this.#queue.slice(0, MAX_REPORT_RESULTS);
    const end = batch.findIndex((report, index) => {
      length += report.json.length;
      return index > 0 && length > MAX_ANSWER_BYTES;
    });
    const count = end === -1 ? batch.length : end;
    return this.#queue.splice(0, count);
  }

  async #send(batch: readonly Report[]): Promise<void> {
    const { client, events } = this.#options;
    const body = `{"results":[${batch.map((report) => report.json).join(',')}]}`;
    try {
      const outcomes = await untilAnswered(() => client.report(body), {
        events,
        signal: this.#stopped.signal,
      });
      if (batch[0]) this.reportMs.record(performance.now() - batch[0].addedAt);
      this.#conclude(batch, outcomes);
    } catch (error) {
      if (!this.#stopped.signal.aborted) throw error;
    }
  }

  #conclude(batch: readonly Report[], outcomes: readonly ReportOutcome[]): void {
    const byTask = new Map(outcomes.map((outcome) => [outcome.taskId, outcome]));
    for (const { held, success } of batch) {
      const outcome = byTask.get(held.task.taskId) ?? { taskId: held.task.taskId, status: 'unknown' };
      this.#options.onAnswered(held);
      this.#options.events.emit('reported', { task: held.task, success, outcome });
    }
  }
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
