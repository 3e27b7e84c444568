import { z } from 'zod';
import { isProgress } from '../../edge/contract/buffer.ts';
import {
  MAX_ERROR_MESSAGE_LENGTH,
  MAX_JSON_DEPTH,
  MAX_PROGRESS_BYTES,
  MAX_RESULT_BYTES,
} from '../../edge/contract/limits.ts';
import { nestsDeeperThan, parseJson } from '../../edge/contract/text.ts';
import { isRecord } from './message-text.ts';
import { type JobEnd, MAX_LOG_LENGTH, type Outcome } from './thread-protocol.ts';

/** JSON text inside a message. Task code may have written it, so it is parsed with care. */
const json = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .transform((text, context): unknown => {
      const value = parseJson(text);
      if (value !== undefined) return value;
      context.addIssue({ code: 'custom', message: 'Expected JSON' });
      return z.NEVER;
    });

const jobId = z.int();
const message = z.string().max(MAX_LOG_LENGTH);
const pid = z.int().min(2);

const Note = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('progress'),
    jobId,
    value: json(MAX_PROGRESS_BYTES).refine(isProgress, 'Expected a progress value'),
  }),
  z.strictObject({
    kind: z.literal('log'),
    jobId,
    level: z.enum(['debug', 'info', 'warn', 'error']),
    message,
    details: json(MAX_LOG_LENGTH).optional(),
  }),
  z.strictObject({ kind: z.literal('exit'), jobId, code: z.string().max(100) }),
  z.strictObject({ kind: z.literal('stray'), jobId, message }),
  z.strictObject({ kind: z.literal('unheard'), jobId }),
  z.strictObject({
    kind: z.literal('child-started'),
    pid,
    startedAt: z.string().max(32).optional(),
    isLeader: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('child-ended'), pid }),
]);
type Note = z.output<typeof Note>;

/** A note about a child process, checked. */
export type ChildMessage = Extract<Note, { pid: number }>;
/** A note about a job, checked. */
export type ThreadMessage = Exclude<Note, ChildMessage>;

const PONG = { kind: 'pong' } as const;
const PONG_TEXT = '{"kind":"pong"}';
type Pong = typeof PONG;

/** The codes of errors that a thread finds. The runner's own, such as `timeout`, do not come from a thread. */
const THREAD_CODES = ['task_error', 'invalid_payload', 'invalid_result', 'result_too_large'] as const;

const Failure = z.strictObject({
  code: z.enum(THREAD_CODES),
  name: z.string().max(MAX_ERROR_MESSAGE_LENGTH).optional(),
  message: z.string().max(MAX_ERROR_MESSAGE_LENGTH),
  retryable: z.boolean().optional(),
});

/** The description of a fault contains unexpected keys, so it is cut. */
const MAX_PROBLEM_LENGTH = 200;
/** The maximum duration of an attempt, in milliseconds: a year. */
const MAX_RUN_MS = 366 * 24 * 3600 * 1000;

/**
 * Reads a message of a thread. Task code may have forged it, so every part is checked.
 *
 * @param openJobs the number of jobs of the thread that have not ended.
 * @returns a description of the fault if the message is not one that the runner's code sends.
 */
export function readMessage(text: string, openJobs: number): Note | Pong | readonly JobEnd[] | string {
  if (text === PONG_TEXT) return PONG;
  const sent = parseJson(text);
  if (isRecord(sent) && 'ends' in sent && Object.keys(sent).length === 1) {
    return readEnds(sent.ends, openJobs);
  }
  const note = Note.safeParse(sent);
  if (note.success) return note.data;
  const [issue] = note.error.issues;
  return `${issue?.path.map(String).join('.') || 'message'}: ${issue?.message}`.slice(0, MAX_PROBLEM_LENGTH);
}

function readEnds(sent: unknown, openJobs: number): readonly JobEnd[] | string {
  if (!Array.isArray(sent) || sent.length > openJobs) return 'ends: Expected one for each job at most';
  const ends = sent.map(endIn).filter((end) => end !== undefined);
  return ends.length === sent.length ? ends : 'ends: Expected an outcome and a time for each job';
}

function endIn(value: unknown): JobEnd | undefined {
  if (!isRecord(value)) return undefined;
  const { jobId, ms } = value;
  const outcome = outcomeIn(value.outcome);
  if (!isNumber(jobId, Number.MAX_SAFE_INTEGER) || !isNumber(ms, MAX_RUN_MS) || !outcome) return undefined;
  return { jobId, outcome, ms };
}

function isNumber(value: unknown, max: number): value is number {
  return typeof value === 'number' && value >= 0 && value <= max;
}

function outcomeIn(value: unknown): Outcome | undefined {
  if (!isRecord(value)) return undefined;
  if ('error' in value) {
    const { data } = Failure.safeParse(value.error);
    return data && { error: data };
  }
  const { result } = value;
  return result === undefined || isResult(result) ? { result } : undefined;
}

/** A result becomes part of a report unchanged. The edge would refuse the whole report for a result over its limits. */
function isResult(value: unknown): value is string {
  if (typeof value !== 'string' || Buffer.byteLength(value) > MAX_RESULT_BYTES) return false;
  const result = parseJson(value);
  return result !== undefined && !nestsDeeperThan(result, MAX_JSON_DEPTH);
}
