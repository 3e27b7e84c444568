import type { Context } from 'hono';
import type { BatchSubmitted, Submitted } from '../contract/api.ts';
import {
  MAX_JSON_DEPTH,
  MAX_PAYLOAD_BYTES,
  MAX_RUN_AHEAD_SECONDS,
  MAX_SUBMISSION_BYTES,
} from '../contract/limits.ts';
import { type AcceptedTask, recordKey, type SubmissionRecord } from '../contract/submission.ts';
import { BatchSubmission, TaskSubmission } from '../contract/task.ts';
import { newSubmission, taskIdAt } from '../contract/task-id.ts';
import { byteLength, nestsDeeperThan } from '../contract/text.ts';
import { ApiError, invalidRequest } from '../http/errors.ts';
import { readBody } from '../http/input.ts';
import { CURRENT_SHARD } from '../http/ledger.ts';
import type { ApiEnv } from './env.ts';
import { packMessages, type SizedTask, sendGroups } from './pack.ts';

type ApiContext = Context<{ Bindings: ApiEnv }>;

/** `POST /tasks`. */
export async function submitOne(c: ApiContext): Promise<Response> {
  const task = await readBody(c, TaskSubmission);
  const submission = await accept(c.env, [task], () => []);
  const answer: Submitted = {
    success: true,
    taskId: taskIdAt(submission, 0),
    status: 'pending',
    message: 'Task queued successfully',
  };
  return c.json(answer, 201);
}

/** `POST /tasks/batch`. */
export async function submitBatch(c: ApiContext): Promise<Response> {
  const { tasks } = await readBody(c, BatchSubmission);
  const submission = await accept(c.env, tasks, (index) => ['tasks', index]);
  const answer: BatchSubmitted = {
    success: true,
    taskIds: tasks.map((_, index) => taskIdAt(submission, index)),
    count: tasks.length,
    status: 'pending',
    message: 'Tasks queued successfully',
  };
  return c.json(answer, 201);
}

/** Unread records are kept this long after the last of their tasks may run. */
const RECORD_TTL_SECONDS = 90 * 24 * 3600;

/**
 * Accepts a submission: the KV write is the acceptance, and the queue carries it to the ledger.
 *
 * @param placeOf where in the request a task stands.
 * @returns the submission's name, from which the ids of its tasks follow.
 * @throws {ApiError} 503 when the record could not be written.
 */
async function accept(
  env: ApiEnv,
  submitted: readonly TaskSubmission[],
  placeOf: (index: number) => PropertyKey[],
): Promise<string> {
  const now = Date.now();
  const sized = submitted.map((task, index) =>
    sizeTask(acceptTask(task, placeOf(index), now), placeOf(index)),
  );
  const submission = newSubmission(now, CURRENT_SHARD, crypto.getRandomValues(new Uint8Array(6)));
  const record: SubmissionRecord = { submission, tasks: sized.map(({ task }) => task) };
  const latestRunAt = Math.max(now, ...record.tasks.map((task) => task.runAtMs ?? now));
  const recordText = JSON.stringify(record);
  if (byteLength(recordText) > MAX_SUBMISSION_BYTES) {
    const message = `Expected tasks of at most ${MAX_SUBMISSION_BYTES} bytes in all; send them in several batches`;
    throw new ApiError('request_too_large', message);
  }

  const [written, sent] = await Promise.allSettled([
    env.TASK_STORAGE.put(recordKey(submission), recordText, {
      expirationTtl: RECORD_TTL_SECONDS + Math.ceil((latestRunAt - now) / 1000),
    }),
    send(env.TASK_QUEUE, submission, sized),
  ]);
  if (written.status === 'rejected') {
    console.error('The record of a submission was not written', submission, written.reason);
    throw new ApiError('unavailable', 'The task could not be stored; submit it again');
  }
  if (sent.status === 'rejected') {
    console.warn('A submission was stored but not queued', submission, sent.reason);
  }
  return submission;
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
  return { ...options, payload, priority, ...(runAtMs > now && { runAtMs: Math.ceil(runAtMs) }) };
}

/** What `"payload":` and the commas take. */
const PUNCTUATION_BYTES = 16;

function sizeTask(task: AcceptedTask, place: PropertyKey[]): SizedTask {
  const { payload, ...options } = task;
  if (nestsDeeperThan(payload, MAX_JSON_DEPTH)) {
    throw invalidRequest({
      path: [...place, 'payload'],
      message: `Expected a payload of at most ${MAX_JSON_DEPTH} levels`,
    });
  }
  const payloadBytes = byteLength(JSON.stringify(payload));
  if (payloadBytes > MAX_PAYLOAD_BYTES) {
    const message = `Expected a payload of at most ${MAX_PAYLOAD_BYTES} bytes, got ${payloadBytes}`;
    throw new ApiError('payload_too_large', message, { path: [...place, 'payload'].join('.') });
  }
  return { task, bytes: payloadBytes + byteLength(JSON.stringify(options)) + PUNCTUATION_BYTES };
}
