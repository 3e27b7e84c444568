import { tmpdir } from 'node:os';
import type { z } from 'zod';
import type { ScheduledRun, TaskContext, TaskDefinition } from '../task.ts';
import { failureOf, invalidPayload, storable } from '../threads/outcome.ts';
import { taskEnv } from '../threads/thread-env.ts';
import type { TaskFailure, TaskLogLevel } from '../threads/thread-protocol.ts';

/** A line that a task has logged. */
export interface LoggedLine {
  readonly level: TaskLogLevel;
  readonly message: string;
  readonly details?: object;
}

/** How an attempt ended, as a runner would report it. */
export type TaskOutcome<Result> =
  | { readonly status: 'completed'; readonly result: Result }
  | {
      readonly status: 'failed';
      readonly error: { readonly code: string; readonly message: string; readonly retryable: boolean };
      /** What the task threw; undefined if it did not throw. */
      readonly thrown?: unknown;
    };

/** What {@link runTask} returns. */
export interface TaskRun<Result> {
  readonly outcome: TaskOutcome<Result>;
  readonly logs: readonly LoggedLine[];
  /** Every value that the task published, in order. A runner publishes at most ten a second. */
  readonly progress: readonly unknown[];
}

/** Values that replace those of an attempt's usual context. */
export interface RunTaskOptions<Variable extends string = string> {
  /** A random id by default. */
  readonly taskId?: string;
  /** 1 by default. */
  readonly attempt?: number;
  /** In seconds; the timeout of the type by default. The task reads it from its context; nothing ends the task. */
  readonly timeoutSeconds?: number;
  /** The planned time that the task runs for; none by default. */
  readonly schedule?: ScheduledRun;
  /** Abort it to see how the task stops. */
  readonly signal?: AbortSignal;
  /** The folder for temporary files by default. */
  readonly dataDir?: string;
  /** Values of the variables that the type names in `env`; none by default. */
  readonly env?: Readonly<Partial<Record<Variable, string>>>;
  /** Called for each line when the task logs it. */
  readonly onLog?: (line: LoggedLine) => void;
  /** Called for each progress value. */
  readonly onProgress?: (value: unknown) => void;
}

/**
 * Runs one attempt of a task type in this thread, as a runner would. The schema checks the payload, and the
 * result must be JSON of at most 256 KB. If the task throws, the outcome contains the error.
 *
 * @example
 * ```ts
 * import { runTask } from '@edge-task-queue/runner/testing';
 * import wordCount from './word-count.ts';
 *
 * const { outcome, progress } = await runTask(wordCount, { text: 'to be' });
 * assert.deepEqual(outcome, { status: 'completed', result: { words: 2 } });
 * ```
 */
export async function runTask<
  Payload extends z.ZodType,
  Type extends string,
  Result,
  Variable extends string,
>(
  definition: TaskDefinition<Payload, Type, Result, Variable>,
  payload: unknown,
  options: RunTaskOptions<Variable> = {},
): Promise<TaskRun<Awaited<Result>>> {
  const logs: LoggedLine[] = [];
  const progress: unknown[] = [];
  const at = (level: TaskLogLevel) => (message: string, details?: object) => {
    const line = { level, message, ...(details !== undefined && { details }) };
    logs.push(line);
    options.onLog?.(line);
  };
  const context: TaskContext<string> = {
    taskId: options.taskId ?? crypto.randomUUID(),
    attempt: options.attempt ?? 1,
    timeoutSeconds: options.timeoutSeconds ?? definition.timeoutSeconds,
    schedule: options.schedule,
    signal: options.signal ?? new AbortController().signal,
    dataDir: options.dataDir ?? tmpdir(),
    env: taskEnv({ ...options.env }, definition.env),
    log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    progress: (value) => {
      progress.push(value);
      options.onProgress?.(value);
    },
  };
  return { outcome: await attempt(definition, payload, context), logs, progress };
}

async function attempt<Payload extends z.ZodType, Result>(
  definition: TaskDefinition<Payload, string, Result>,
  payload: unknown,
  context: TaskContext<string>,
): Promise<TaskOutcome<Awaited<Result>>> {
  const checked = await definition.payload.safeParseAsync(payload);
  if (!checked.success) return failed(invalidPayload(checked.error.issues));
  try {
    const result = await definition.run(checked.data, context);
    const stored = storable(result);
    return 'error' in stored ? failed(stored.error) : { status: 'completed', result };
  } catch (thrown) {
    return { ...failed(failureOf(thrown)), thrown };
  }
}

function failed({ code, message, retryable = true }: TaskFailure) {
  return { status: 'failed', error: { code, message, retryable } } as const;
}
