import { MAX_BATCH_TASKS, MAX_PAYLOAD_BYTES } from '../edge/contract/limits.ts';
import { byteLength } from '../edge/contract/text.ts';
import { TaskQueueError } from './errors.ts';
import type { NewTask } from './types.ts';

/** A request takes 20 MB, with some of it for what surrounds the tasks. */
const MAX_BATCH_BYTES = 15 * 1024 * 1024;

/** The body of `POST /tasks/batch`, and where its tasks stand among all of them. */
export interface Batch {
  readonly first: number;
  readonly count: number;
  readonly body: string;
}

/**
 * Cuts tasks into batches that a request can carry; the same tasks always into the same ones.
 *
 * @throws {TaskQueueError} for a task that cannot be sent as JSON, or whose payload is too large.
 */
export async function* cutBatches(
  tasks: Iterable<NewTask> | AsyncIterable<NewTask>,
): AsyncGenerator<Batch, void, undefined> {
  let first = 0;
  let texts: string[] = [];
  let bytes = 0;
  const cut = (): Batch => {
    const batch = { first, count: texts.length, body: `{"tasks":[${texts.join(',')}]}` };
    [first, texts, bytes] = [first + batch.count, [], 0];
    return batch;
  };
  for await (const task of tasks) {
    const text = taskText(task, `tasks.${first + texts.length}`);
    const size = byteLength(text) + 1;
    if (texts.length > 0 && bytes + size > MAX_BATCH_BYTES) yield cut();
    texts.push(text);
    bytes += size;
    if (texts.length === MAX_BATCH_TASKS) yield cut();
  }
  if (texts.length > 0) yield cut();
}

/**
 * A task as JSON text.
 *
 * @param place where it stands, for the error's sentence; empty for a task alone.
 * @throws {TaskQueueError} where it cannot be sent.
 */
export function taskText(task: NewTask, place = ''): string {
  const path = [place, 'payload'].filter(Boolean).join('.');
  const text = jsonText(task, path);
  if (byteLength(text) <= MAX_PAYLOAD_BYTES) return text;
  const bytes = byteLength(jsonText(task.payload, path));
  if (bytes <= MAX_PAYLOAD_BYTES) return text;
  const message = `Expected a payload of at most ${MAX_PAYLOAD_BYTES} bytes, got ${bytes}`;
  throw new TaskQueueError('payload_too_large', `${path}: ${message}`, { issues: [{ path, message }] });
}

function jsonText(value: unknown, path: string): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch (cause) {
    const message = `Expected a payload that JSON can carry: ${cause instanceof Error ? cause.message : cause}`;
    throw new TaskQueueError('invalid_request', `${path}: ${message}`, {
      issues: [{ path, message }],
      cause,
    });
  }
}
