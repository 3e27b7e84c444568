import type { Context } from 'hono';
import type { BatchSubmitted, Submitted } from '../contract/api.ts';
import {
  MAX_INLINE_BYTES,
  MAX_JSON_DEPTH,
  MAX_PAYLOAD_BYTES,
  MAX_RUN_AHEAD_SECONDS,
  MAX_SUBMISSION_BYTES,
} from '../contract/limits.ts';
import {
  type AcceptedTask,
  newTasks,
  type RecordMetadata,
  recordKey,
  type SubmissionRecord,
} from '../contract/submission.ts';
import { BatchSubmission, TaskSubmission } from '../contract/task.ts';
import { createdAtOf, newSubmission, taskIdAt } from '../contract/task-id.ts';
import { byteLength, nestsDeeperThan } from '../contract/text.ts';
import { ApiError, invalidRequest } from '../http/errors.ts';
import { readBody } from '../http/input.ts';
import { CURRENT_SHARD, ledgerOf } from '../http/ledger.ts';
import { logOf } from '../http/log.ts';
import type { ApiEnv } from './env.ts';
import { claimKey } from './idempotency.ts';
import { packMessages, type SizedTask, sendGroups } from './pack.ts';
import { expectRoom } from './room.ts';

type ApiContext = Context<{ Bindings: ApiEnv }>;

/** `POST /tasks`. */
export async function submitOne(c: ApiContext): Promise<Response> {
  const task = await readBody(c, TaskSubmission);
  const { submission, repeated } = await accept(c, [task], () => []);
  const answer: Submitted = {
    success: true,
    taskId: taskIdAt(submission, 0),
    status: 'pending',
    message: 'Task queued successfully',
  };
  return c.json(answer, repeated ? 200 : 201);
}

/** `POST /tasks/batch`. */
export async function submitBatch(c: ApiContext): Promise<Response> {
  const { tasks } = await readBody(c, BatchSubmission);
  const { submission, repeated } = await accept(c, tasks, (index) => ['tasks', index]);
  const answer: BatchSubmitted = {
    success: true,
    taskIds: tasks.map((_, index) => taskIdAt(submission, index)),
    count: tasks.length,
    status: 'pending',
    message: 'Tasks queued successfully',
  };
  return c.json(answer, repeated ? 200 : 201);
}

/**
 * Accepts a submission, once for an idempotency key.
 *
 * @param placeOf where in the request a task stands.
 * @returns the submission's name, from which the ids of its tasks follow.
 * @throws {ApiError} 503 when the record could not be written.
 */
async function accept(
  c: ApiContext,
  submitted: readonly TaskSubmission[],
  placeOf: (index: number) => PropertyKey[],
): Promise<{ submission: string; repeated: boolean }> {
  const fresh = newSubmission(Date.now(), CURRENT_SHARD, crypto.getRandomValues(new Uint8Array(6)));
  // What is wrong with the tasks is said before a key is given to them.
  const prepared = prepare(fresh, submitted, placeOf);
  const claim = await claimKey(c, fresh);
  if (!claim.accepted) {
    await expectRoom(c);
    const own = claim.submission === fresh ? prepared : prepare(claim.submission, submitted, placeOf);
    await store(c.env, own, claim.repeated);
    // The sweeps may have passed the time of a repeat: it does not count on the queue.
    if (claim.repeated) await ledgerOf(c.env).insert(newTasks(own.record));
    await claim.markAccepted();
  }
  return claim;
}

/** A submission as it is stored; the same request under the same name gives the same bytes. */
interface Prepared {
  record: SubmissionRecord;
  recordText: string;
  sized: SizedTask[];
  expirationTtl: number;
}

/** Unread records are kept this long after the last of their tasks may run. */
const RECORD_TTL_SECONDS = 90 * 24 * 3600;

function prepare(
  submission: string,
  submitted: readonly TaskSubmission[],
  placeOf: (index: number) => PropertyKey[],
): Prepared {
  const createdAt = createdAtOf(submission);
  const accepted = submitted.map((task, index) => acceptTask(task, placeOf(index), createdAt));
  const texts = accepted.map((task) => JSON.stringify(task));
  const sized = accepted.map((task, index) => sizeTask(task, texts[index] ?? '', placeOf(index)));
  const record: SubmissionRecord = { submission, tasks: accepted };
  const recordText = `{"submission":"${submission}","tasks":[${texts.join(',')}]}`;
  if (byteLength(recordText) > MAX_SUBMISSION_BYTES) {
    const message = `Expected tasks of at most ${MAX_SUBMISSION_BYTES} bytes in all; send them in several batches`;
    throw new ApiError('request_too_large', message);
  }
  const latestRunAt = Math.max(createdAt, ...accepted.map((task) => task.runAtMs ?? createdAt));
  const expirationTtl = RECORD_TTL_SECONDS + Math.ceil((latestRunAt - createdAt) / 1000);
  return { record, recordText, sized, expirationTtl };
}

/** KV takes one write a second for a key: a repeat of what was just written waits that long. */
const REPEAT_AFTER_MS = 1100;

/** The KV write is the acceptance; the queue carries the tasks to the ledger, and the sweep what it drops. */
async function store(env: ApiEnv, { record, recordText, sized, expirationTtl }: Prepared, repeated: boolean) {
  const log = logOf(env);
  const { submission } = record;
  const metadata: RecordMetadata = { tasks: record.tasks.length };
  const write = () => env.TASK_STORAGE.put(recordKey(submission), recordText, { expirationTtl, metadata });
  const writing = repeated ? write().catch(() => scheduler.wait(REPEAT_AFTER_MS).then(write)) : write();
  const [written, sent] = await Promise.allSettled([writing, send(env.TASK_QUEUE, submission, sized)]);
  if (written.status === 'rejected') {
    log.error('The record of a submission was not written', { submission, error: written.reason });
    throw new ApiError('unavailable', 'The task could not be stored; submit it again');
  }
  if (sent.status === 'rejected') {
    log.warn('A submission was stored but not queued', { submission, error: sent.reason });
  }
  log.debug('A submission was accepted', () => ({ submission, count: record.tasks.length, repeated }));
}

async function send(queue: Queue, submission: string, sized: readonly SizedTask[]): Promise<void> {
  const groups = sendGroups(packMessages(submission, sized));
  await Promise.all(groups.map((group) => queue.sendBatch(group.map(({ message }) => ({ body: message })))));
}

function acceptTask(task: TaskSubmission, place: PropertyKey[], now: number): AcceptedTask {
  const { payload = {}, priority = 0, delaySeconds, runAt, ...options } = task;
  const runAtMs = runAt === undefined ? now + (delaySeconds ?? 0) * 1000 : Date.parse(runAt);
  if (runAtMs > now + MAX_RUN_AHEAD_SECONDS * 1000) {
    throw invalidRequest({
      path: [...place, 'runAt'],
      message: `Expected a time at most ${MAX_RUN_AHEAD_SECONDS / 86_400} days ahead`,
    });
  }
  if (nestsDeeperThan(payload, MAX_JSON_DEPTH)) {
    throw invalidRequest({
      path: [...place, 'payload'],
      message: `Expected a payload of at most ${MAX_JSON_DEPTH} levels`,
    });
  }
  return { ...options, payload, priority, ...(runAtMs > now && { runAtMs: Math.ceil(runAtMs) }) };
}

/** What the size of a payload takes, in place of the payload. */
const BODY_BYTES_FIELD = '"bodyBytes":10485760'.length;

/** A task as a queue message carries it, `text` being its JSON: a large payload stays in the record. */
function sizeTask(task: AcceptedTask, text: string, place: PropertyKey[]): SizedTask {
  const bytes = byteLength(text) + ','.length;
  if (bytes <= MAX_INLINE_BYTES) return { task, bytes };

  const { payload, ...options } = task;
  const payloadBytes = byteLength(JSON.stringify(payload));
  if (payloadBytes <= MAX_INLINE_BYTES) return { task, bytes };
  if (payloadBytes > MAX_PAYLOAD_BYTES) {
    const message = `Expected a payload of at most ${MAX_PAYLOAD_BYTES} bytes, got ${payloadBytes}`;
    throw new ApiError('payload_too_large', message, { path: [...place, 'payload'].join('.') });
  }
  return {
    task: { ...options, payload: undefined, bodyBytes: payloadBytes },
    bytes: bytes - payloadBytes + BODY_BYTES_FIELD,
  };
}
