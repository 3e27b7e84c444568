import type { z } from 'zod';

/** Where a task runs: `cpu` gives it a thread to itself, `io` shares one thread among many waiting tasks. */
export type Lane = 'cpu' | 'io';

/** How long to wait before the next attempt: a random time up to `baseSeconds` doubled at each attempt. */
export interface Backoff {
  readonly baseSeconds?: number | undefined;
  readonly capSeconds?: number | undefined;
}

/** Writes to the runner's log; every line carries the task's id. */
export interface TaskLog {
  debug(message: string, details?: object): void;
  info(message: string, details?: object): void;
  warn(message: string, details?: object): void;
  error(message: string, details?: object): void;
}

/** What a running task is given beside its payload; `Variable` are the names in its type's `env`. */
export interface TaskContext<Variable extends string = never> {
  readonly taskId: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** The most seconds that this attempt may take, from its start; undefined if there is no limit. */
  readonly timeoutSeconds: number | undefined;
  /** Aborted when the task's time is up or its lease is lost; after a short grace the thread is ended. */
  readonly signal: AbortSignal;
  /** The runner's data folder, an absolute path. */
  readonly dataDir: string;
  /** The environment variables that the task's type names; undefined where the runner's environment lacks one. */
  readonly env: Readonly<Record<Variable, string | undefined>>;
  readonly log: TaskLog;
  /** Publishes how far the task has come; any JSON value, shown by `GET /tasks/:id/status`. */
  progress(value: unknown): void;
}

/** A task type: its name, where it runs, what it takes and what it does. */
export interface TaskDefinition<
  Payload extends z.ZodType = z.ZodType,
  Type extends string = string,
  Result = unknown,
  Variable extends string = string,
> {
  /** The `type` that clients submit, unique within a runner. */
  readonly type: Type;
  readonly lane: Lane;
  /** Checked before each run; a payload that does not match fails the task at once. */
  readonly payload: Payload;
  /** Time for one attempt, where the submission sets none. Without either, an attempt may take any time. */
  readonly timeoutSeconds?: number | undefined;
  /** Attempts before the task fails, where the submission sets none (default 3). */
  readonly maxAttempts?: number | undefined;
  /** Delay between attempts, where the submission sets none (default base 1 s, cap 1 h). */
  readonly backoff?: Backoff | undefined;
  /**
   * The heap, Buffers and native memory that an attempt may take (default 1,024 MB); more fails it. On the io
   * lane the tasks share a thread, and the largest allowance among them is the thread's. Native memory is the
   * process's: it counts only where all running tasks together have too much.
   */
  readonly memoryMb?: number | undefined;
  /**
   * Names of the environment variables that its tasks are given, as `context.env`. Nothing else of the runner's
   * environment reaches a task, except what describes the machine, such as `PATH`, `HOME` and `TZ`.
   */
  readonly env?: readonly Variable[] | undefined;
  /** Does the work. What it returns is stored as JSON, 256 KB at most; what it throws is retried. */
  run(payload: z.output<Payload>, context: TaskContext<Variable>): Result;
}

/**
 * Declares a task type; a file's default export. The payload's type follows from its schema, and a client
 * that is given the definition's type knows its name, its payload and its result.
 *
 * @example
 * ```ts
 * export default defineTask({
 *   type: 'square',
 *   lane: 'cpu',
 *   payload: z.object({ n: z.number() }),
 *   run: ({ n }) => n * n,
 * });
 * ```
 */
export function defineTask<
  Payload extends z.ZodType,
  const Type extends string = string,
  Result = unknown,
  const Variable extends string = never,
>(
  definition: TaskDefinition<Payload, Type, Result, Variable>,
): TaskDefinition<Payload, Type, Result, Variable> {
  return definition;
}

/** Thrown by a task that no further attempt could save: it fails at once. */
export class NonRetryableError extends Error {
  override readonly name = 'NonRetryableError';
}
