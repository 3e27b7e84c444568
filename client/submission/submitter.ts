import type { z } from 'zod';
import { Health } from '../../edge/contract/api.ts';
import { MAX_SUBMISSION_AGE_SECONDS, MAX_SUBMISSION_AHEAD_SECONDS } from '../../edge/contract/limits.ts';
import { newSubmission, taskIdAt } from '../../edge/contract/task-id.ts';
import { TaskQueueError } from '../errors.ts';
import type { Http } from '../http/http.ts';

export interface Submission {
  /** JSON text. */
  readonly body?: string;
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends submissions so that each takes effect once, even if its request is repeated. A submission has the caller's
 * `Idempotency-Key`, or else a `Submission-Id`, which costs nothing.
 */
export class Submitter {
  readonly #http: Http;
  /** How far the API Worker's clock is ahead of this one, in milliseconds; 0 until a submission is refused for it. */
  #clockOffsetMs = 0;

  constructor(http: Http) {
    this.#http = http;
  }

  async submit<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    { body, idempotencyKey, signal }: Submission,
  ): Promise<z.output<Schema>> {
    const send = (headers: Record<string, string>) =>
      this.#http.call(path, schema, {
        method: 'POST',
        repeatable: true,
        ...(body !== undefined && { body }),
        headers,
        signal,
      });
    if (idempotencyKey !== undefined) return send({ 'idempotency-key': idempotencyKey });
    const offsetMs = this.#clockOffsetMs;
    try {
      return await send({ 'submission-id': newSubmissionId(Date.now() + offsetMs) });
    } catch (error) {
      if (!isNotCurrent(error) || !(await this.#correctClock(offsetMs, signal))) throw error;
      return send({ 'submission-id': newSubmissionId(Date.now() + this.#clockOffsetMs) });
    }
  }

  /**
   * Reads the time from the API Worker.
   *
   * @returns whether ids created with the used offset are refused from the start. Only then no attempt can have
   * been accepted, so a new id makes no second submission.
   */
  async #correctClock(usedOffsetMs: number, signal: AbortSignal | undefined): Promise<boolean> {
    const { timestamp } = await this.#http.call('/health', Health, { signal });
    this.#clockOffsetMs = Date.parse(timestamp) - Date.now();
    const ageSeconds = (this.#clockOffsetMs - usedOffsetMs) / 1000;
    return ageSeconds > MAX_SUBMISSION_AGE_SECONDS || -ageSeconds > MAX_SUBMISSION_AHEAD_SECONDS;
  }
}

function isNotCurrent(error: unknown): boolean {
  return error instanceof TaskQueueError && error.code === 'submission_id_not_current';
}

/** A UUIDv7 with the given time. All other bits are random. */
function newSubmissionId(createdAtMs: number): string {
  const [shard = 0, index = 0] = crypto.getRandomValues(new Uint16Array(2));
  const submission = newSubmission(createdAtMs, shard & 0xfff, crypto.getRandomValues(new Uint8Array(6)));
  return taskIdAt(submission, index);
}
