import { BroadcastChannel, parentPort, workerData } from 'node:worker_threads';
import { isProgress } from '../edge/contract/buffer.ts';
import { MAX_JSON_DEPTH, MAX_PROGRESS_BYTES, MAX_RESULT_BYTES } from '../edge/contract/limits.ts';
import { nestsDeeperThan } from '../edge/contract/text.ts';
import { type CheckedDefinition, loadDefinition } from './definition.ts';
import type { TaskContext, TaskLog } from './task.ts';
import type {
  AbortMessage,
  Job,
  Outcome,
  TaskFailure,
  TaskLogLevel,
  ThreadMessage,
} from './thread-protocol.ts';

const definitions = new Map<string, Promise<CheckedDefinition>>();
const running = new Map<string, AbortController>();

const { abortChannel }: { abortChannel: string } = workerData;
const aborts = new BroadcastChannel(abortChannel);
aborts.onmessage = (event: { data: AbortMessage }) => {
  running.get(event.data.taskId)?.abort(new Error(event.data.reason));
};

/** Runs one task. Whatever the task does short of ending the thread comes back as an outcome. */
export default async function runTask(job: Job): Promise<Outcome> {
  const controller = new AbortController();
  running.set(job.taskId, controller);
  try {
    const definition = await definitionOf(job.module);
    const payload = await definition.payload.safeParseAsync(job.payload);
    if (!payload.success) return { error: invalidPayload(payload.error.issues) };
    const result = await definition.run(payload.data, contextOf(job, controller.signal));
    return storable(result);
  } catch (thrown) {
    return { error: failureOf(thrown) };
  } finally {
    running.delete(job.taskId);
  }
}

function definitionOf(module: string): Promise<CheckedDefinition> {
  const known = definitions.get(module) ?? loadDefinition(module, module);
  definitions.set(module, known);
  return known;
}

function contextOf(job: Job, signal: AbortSignal): TaskContext {
  const { taskId, attempt, dataDir } = job;
  return {
    taskId,
    attempt,
    dataDir,
    signal,
    log: logOf(taskId),
    progress: (value) => publish(taskId, value),
  };
}

/** One value that the edge refuses would stop the heartbeat of all others. */
function publish(taskId: string, value: unknown): void {
  if (isProgress(value)) post({ kind: 'progress', taskId, value });
  else
    logOf(taskId).warn(`Progress is dropped: expected a JSON value of at most ${MAX_PROGRESS_BYTES} bytes`);
}

function logOf(taskId: string): TaskLog {
  const write = (level: TaskLogLevel) => (message: string, details?: object) =>
    post({ kind: 'log', taskId, level, message, details });
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

function post(message: ThreadMessage): void {
  parentPort?.postMessage(message);
}

function invalidPayload(issues: readonly { path: PropertyKey[]; message: string }[]): TaskFailure {
  const sentences = issues.map(({ path, message }) =>
    [path.map(String).join('.'), message].filter(Boolean).join(': '),
  );
  return { code: 'invalid_payload', message: sentences.join('; '), retryable: false };
}

/** What was thrown, as the outcome reports it; anything can be thrown. */
function failureOf(thrown: unknown): TaskFailure {
  if (thrown instanceof Error) {
    const { name, message } = thrown;
    return { code: 'task_error', name, message, retryable: name !== 'NonRetryableError' };
  }
  return { code: 'task_error', message: `The task threw ${describe(thrown)} instead of an Error` };
}

function describe(value: unknown): string {
  try {
    return `${typeof value} ${JSON.stringify(value) ?? String(value)}`;
  } catch {
    return `a ${typeof value}`;
  }
}

/** A result as JSON text, or why it cannot be stored. Running the task again would not change that. */
function storable(result: unknown): Outcome {
  if (result === undefined) return { result: undefined };
  try {
    const text = JSON.stringify(result, refuseLossy);
    if (nestsDeeperThan(JSON.parse(text), MAX_JSON_DEPTH))
      throw new RangeError(`it nests deeper than ${MAX_JSON_DEPTH} levels`);
    const bytes = Buffer.byteLength(text);
    if (bytes <= MAX_RESULT_BYTES) return { result: text };
    const message = `The task returned ${bytes} bytes, ${MAX_RESULT_BYTES} are the most that is kept: store the data and return where it is`;
    return { error: { code: 'result_too_large', message, retryable: false } };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `The task returned what cannot be stored as JSON: ${reason}`;
    return { error: { code: 'invalid_result', message, retryable: false } };
  }
}

/** JSON would drop these without a word. */
function refuseLossy(key: string, value: unknown): unknown {
  const kind = value instanceof Map ? 'Map' : value instanceof Set ? 'Set' : typeof value;
  if (kind === 'function' || kind === 'symbol' || kind === 'bigint' || kind === 'Map' || kind === 'Set') {
    throw new TypeError(`${key === '' ? 'it' : `"${key}"`} is a ${kind}`);
  }
  return value;
}
