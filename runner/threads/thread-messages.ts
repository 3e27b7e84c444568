import { z } from 'zod';
import { isProgress } from '../../edge/contract/buffer.ts';
import {
  MAX_ERROR_MESSAGE_LENGTH,
  MAX_PROGRESS_BYTES,
  MAX_RESULT_BYTES,
} from '../../edge/contract/limits.ts';
import { type JobEnd, MAX_LOG_LENGTH, type Outcome } from './thread-protocol.ts';

/** JSON that the main thread can read; task code may have replaced what wrote it. */
const json = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'Expected JSON' });
        return z.NEVER;
      }
    });

const jobId = z.int();
const message = z.string().max(MAX_LOG_LENGTH);
const pid = z.int().min(2);
const ids = z.object({ taskId: z.string().max(100), leaseId: z.string().max(100), attempt: z.int() });

const Note = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('progress'),
    jobId,
    value: json(MAX_PROGRESS_BYTES).refine(isProgress, 'Expected a progress value'),
  }),
  z.object({
    kind: z.literal('log'),
    jobId,
    level: z.enum(['debug', 'info', 'warn', 'error']),
    message,
    details: json(MAX_LOG_LENGTH).optional(),
  }),
  z.object({ kind: z.literal('exit'), jobId, code: z.string().max(100) }),
  z.object({ kind: z.literal('stray'), jobId, message, ids: ids.optional() }),
  z.object({ kind: z.literal('unheard'), jobId }),
  z.object({
    kind: z.literal('child-started'),
    pid,
    startedAt: z.string().max(32).optional(),
    isLeader: z.boolean(),
  }),
  z.object({ kind: z.literal('child-ended'), pid }),
]);
type Note = z.output<typeof Note>;

/** A note about a child process, checked. */
export type ChildMessage = Extract<Note, { pid: number }>;
/** A note about a job, checked. */
export type ThreadMessage = Exclude<Note, ChildMessage>;

const PONG = { kind: 'pong' } as const;
type Pong = typeof PONG;

const Failure = z.object({
  code: z.string().min(1).max(64),
  name: z.string().max(MAX_ERROR_MESSAGE_LENGTH).optional(),
  message: z.string().max(MAX_ERROR_MESSAGE_LENGTH),
  retryable: z.boolean().optional(),
});

/** No note of a thread, and no end of a job, has more parts: objects, fields and items. */
const MAX_PARTS = 16;
const MAX_DEPTH = 6;

/**
 * Whether a message is larger than any that a thread sends while it has so many jobs. To read one would keep the
 * main thread busy, so this looks at no more of it than is allowed.
 */
export function isOversized(sent: unknown, openJobs: number): boolean {
  let left = MAX_PARTS * (openJobs + 1);
  const isTooLarge = (value: unknown, depth: number): boolean => {
    left -= 1;
    if (left < 0 || depth > MAX_DEPTH) return true;
    if (typeof value === 'string') return value.length > MAX_RESULT_BYTES;
    if (Array.isArray(value)) return value.length > left || value.some((item) => isTooLarge(item, depth + 1));
    if (!isRecord(value)) return false;
    if (Object.getPrototypeOf(value) !== Object.prototype) return true;
    for (const key in value) if (isTooLarge(value[key], depth + 1)) return true;
    return false;
  };
  return isTooLarge(sent, 0);
}

/**
 * Reads what a thread has sent. Task code runs beside what sends it, so nothing of it is believed.
 *
 * @returns a sentence where it is not what a thread sends.
 */
export function readMessage(sent: unknown): Note | Pong | readonly JobEnd[] | string {
  if (isRecord(sent) && 'ends' in sent) return readEnds(sent.ends);
  if (isRecord(sent) && sent.kind === 'pong') return PONG;
  const note = Note.safeParse(sent);
  if (note.success) return note.data;
  const [issue] = note.error.issues;
  return `${issue?.path.map(String).join('.') || 'message'}: ${issue?.message}`;
}

/** Reads the ends of jobs, as {@link readMessage} does. */
export function readEnds(sent: unknown): readonly JobEnd[] | string {
  if (!Array.isArray(sent)) return 'ends: Expected a list of ends';
  const ends = sent.filter(isEnd);
  return ends.length === sent.length ? ends : 'ends: Expected an outcome and a time for each job';
}

function isEnd(value: unknown): value is JobEnd {
  if (!isRecord(value)) return false;
  const { jobId, ms, outcome } = value;
  return Number.isInteger(jobId) && typeof ms === 'number' && ms >= 0 && isOutcome(outcome);
}

function isOutcome(value: unknown): value is Outcome {
  if (!isRecord(value)) return false;
  if ('error' in value) return Failure.safeParse(value.error).success;
  const { result } = value;
  return result === undefined || (typeof result === 'string' && isResult(result));
}

/** A result goes into a report as it is. */
function isResult(text: string): boolean {
  if (text.length > MAX_RESULT_BYTES) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
