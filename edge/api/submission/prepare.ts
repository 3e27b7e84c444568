import {
  MAX_INLINE_BYTES,
  MAX_JSON_DEPTH,
  MAX_PAYLOAD_BYTES,
  MAX_RUN_AHEAD_SECONDS,
  MAX_SUBMISSION_BYTES,
} from '../../contract/limits.ts';
import type { AcceptedTask, SubmissionRecord } from '../../contract/submission.ts';
import type { TaskSubmission } from '../../contract/task.ts';
import { createdAtOf } from '../../contract/task-id.ts';
import { byteLength, nestsDeeperThan } from '../../contract/text.ts';
import { ApiError, invalidRequest } from '../../http/errors.ts';
import { recordText, type StoredTask } from '../../platform/record-text.ts';
import type { SizedTask } from './queue-messages.ts';

/** A submission in its stored form. The same request with the same name gives the same bytes. */
export interface Prepared {
  record: SubmissionRecord;
  /** The value of the record in KV. */
  text: string;
  bytes: number;
  /** The tasks in the form of queue messages. */
  sized: SizedTask[];
}

/**
 * Creates a submission from a request's tasks. All its times count from the time in its name.
 *
 * @param placeOf the path of a task in the request.
 * @throws {ApiError} 400 or 413 if a task cannot be accepted.
 */
export function prepare(
  submission: string,
  submitted: readonly TaskSubmission[],
  placeOf: (index: number) => PropertyKey[],
): Prepared {
  const createdAt = createdAtOf(submission);
  const accepted = submitted.map((task, index) => acceptTask(task, placeOf(index), createdAt));
  const parts = accepted.map((task, index) => partsOf(task, placeOf(index)));
  const { text, bytes } = recordText(submission, parts);
  if (bytes > MAX_SUBMISSION_BYTES) {
    const message = `Expected tasks of at most ${MAX_SUBMISSION_BYTES} bytes in total; send them in several batches`;
    throw new ApiError('request_too_large', message);
  }
  return { record: { submission, tasks: accepted }, text, bytes, sized: parts.map(sizeTask) };
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
  expectDepth(payload, [...place, 'payload']);
  return { ...options, payload, priority, ...(runAtMs > now && { runAtMs: Math.ceil(runAtMs) }) };
}

/** @throws {ApiError} 400 if the payload at a path of the request nests too deeply. */
export function expectDepth(payload: unknown, path: PropertyKey[]): void {
  if (!nestsDeeperThan(payload, MAX_JSON_DEPTH)) return;
  throw invalidRequest({ path, message: `Expected a payload of at most ${MAX_JSON_DEPTH} levels` });
}

/** A task in the parts that the record stores separately. */
interface TaskParts extends StoredTask {
  task: AcceptedTask;
}

function partsOf(task: AcceptedTask, place: PropertyKey[]): TaskParts {
  const { payload: value, ...options } = task;
  const payload = JSON.stringify(value);
  const payloadBytes = byteLength(payload);
  if (payloadBytes > MAX_PAYLOAD_BYTES) {
    const message = `Expected a payload of at most ${MAX_PAYLOAD_BYTES} bytes, got ${payloadBytes}`;
    throw new ApiError('payload_too_large', message, { path: [...place, 'payload'].join('.') });
  }
  const isLarge = payloadBytes > MAX_INLINE_BYTES;
  return {
    task,
    options: isLarge ? { ...options, bodyBytes: payloadBytes } : options,
    payload,
    payloadBytes,
  };
}

const PAYLOAD_FIELD = ',"payload":'.length;

/** A task in the form of a queue message. A large payload stays in the record. */
function sizeTask({ task, options, payloadBytes }: TaskParts): SizedTask {
  const bytes = byteLength(JSON.stringify(options)) + ','.length;
  return options.bodyBytes === undefined
    ? { task, bytes: bytes + PAYLOAD_FIELD + payloadBytes }
    : { task: options, bytes };
}
