import { MAX_BATCH_TASKS, MAX_PAYLOAD_BYTES } from '../../edge/contract/limits.ts';
import { PartCollector } from '../../edge/contract/parts.ts';
import { byteLength } from '../../edge/contract/text.ts';
import { TaskQueueError } from '../errors.ts';
import type { NewTask } from '../types.ts';

/** A request may have 20 MB. The rest is left for what surrounds the tasks. */
const MAX_BATCH_BYTES = 15 * 1024 * 1024;

/** The body of `POST /tasks/batch`, and the index of its first task among all tasks. */
export interface Batch {
  readonly first: number;
  readonly count: number;
  readonly body: string;
}

/**
 * Cuts tasks into batches that fit into a request. The same tasks always give the same batches.
 *
 * @throws {TaskQueueError} for a task that cannot be sent as JSON, or whose payload is too large.
 */
export async function* cutBatches(
  tasks: Iterable<NewTask> | AsyncIterable<NewTask>,
): AsyncGenerator<Batch, void, undefined> {
  const collector = new PartCollector<string>({ size: MAX_BATCH_BYTES, items: MAX_BATCH_TASKS });
  let first = 0;
  let count = 0;
  const batchOf = (texts: readonly string[]): Batch => {
    const batch = { first, count: texts.length, body: `{"tasks":[${texts.join(',')}]}` };
    first += batch.count;
    return batch;
  };
  for await (const task of tasks) {
    const text = taskText(task, `tasks.${count}`);
    count += 1;
    // A full batch does not wait for the next task: reading that one may take long, or fail.
    const complete = collector.add(text, byteLength(text) + 1);
    if (complete) yield batchOf(complete);
  }
  const rest = collector.rest();
  if (rest) yield batchOf(rest);
}

/**
 * A task as JSON text.
 *
 * @param place its position in the request, for the error's message; empty for a single task.
 * @throws {TaskQueueError} if it cannot be sent.
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
    const message = `Expected a payload that JSON can represent: ${cause instanceof Error ? cause.message : cause}`;
    throw new TaskQueueError('invalid_request', `${path}: ${message}`, {
      issues: [{ path, message }],
      cause,
    });
  }
}
