import type { Jsonify } from 'type-fest';
import type { z } from 'zod';
import type { StatusView, TaskView } from '../edge/contract/api.ts';
import type { TaskError } from '../edge/contract/task.ts';

/** The part of a task definition that the client uses. `defineTask` returns it. */
export interface TaskShape {
  readonly type: string;
  readonly payload: z.ZodType;
  /** Its return type is the type of the result. */
  run(...args: never[]): unknown;
}

/** The names of task types. */
export type TypeOf<Task extends TaskShape> = Task['type'];

type Named<Task extends TaskShape, Type extends string> = Task extends TaskShape
  ? Type extends Task['type']
    ? Task
    : never
  : never;

/** The payload of a task type, before its schema fills in defaults. */
export type PayloadOf<Task extends TaskShape, Type extends string> = z.input<Named<Task, Type>['payload']>;

/** The result of a task type: the value that its `run` returns, converted to JSON and back. */
export type ResultOf<Task extends TaskShape, Type extends string> = FromJson<
  Awaited<ReturnType<Named<Task, Type>['run']>>
>;

/** `undefined` is excluded and extracted with `void`. */
type FromJson<Value> = unknown extends Value
  ? unknown
  : Jsonify<Exclude<Value, void>> | ([Extract<Value, void>] extends [never] ? never : undefined);

declare const TYPE: unique symbol;

/** The id of a task: a string that carries the task's type, so that calls with it return typed tasks. */
export type TaskIdOf<Type extends string> = string & { readonly [TYPE]: Type };

/** Options of a task. */
export interface TaskOptions {
  /** −100 to 100, higher first; 0 by default. */
  readonly priority?: number | undefined;
  /** Seconds until the task may start, up to 30 days; 0 by default. */
  readonly delaySeconds?: number | undefined;
  /** When the task may start: a `Date` or ISO 8601 UTC, up to 30 days ahead; now by default. */
  readonly runAt?: Date | string | undefined;
  /** Number of attempts before the task fails, 1 to 100; by default the number of the task type, or 3. */
  readonly maxAttempts?: number | undefined;
  /**
   * Before attempt n + 1 the task waits a random time up to `baseSeconds · 2^(n−1)`, at most `capSeconds`. By
   * default the values are those of the task type, or 1 and 3,600.
   */
  readonly backoff?:
    | { readonly baseSeconds?: number | undefined; readonly capSeconds?: number | undefined }
    | undefined;
  /** Seconds that an attempt may take; by default those of the task type, or no limit. */
  readonly timeoutSeconds?: number | undefined;
  /** Up to 10 words of 1 to 64 characters, to find the task by; none by default. */
  readonly tags?: readonly string[] | undefined;
}

type PayloadField<Payload> = undefined extends Payload
  ? { readonly payload?: Payload }
  : { readonly payload: Payload };

/** A task to submit. */
export type NewTask<Task extends TaskShape = TaskShape> = Task extends TaskShape
  ? { readonly type: Task['type'] } & PayloadField<z.input<Task['payload']>> & TaskOptions
  : never;

/** The status of a task whose type is known. */
export type StatusOf<Type extends string> = Type extends string ? StatusView & { type: Type } : never;

/** A task whose type is known. */
export type TaskOf<Task extends TaskShape, Type extends string> = Type extends string
  ? Omit<TaskView, 'type' | 'result'> & { type: Type; result?: ResultOf<Task, Type> }
  : never;

/**
 * A task that has ended. Its `status` decides whether it has a `result` or an `error`, and its `type` the result's
 * type.
 */
export type EndedTask<Task extends TaskShape = TaskShape, Type extends string = string> = Type extends string
  ? Omit<TaskView, 'type' | 'status' | 'result' | 'error' | 'completedAt'> & {
      type: Type;
      completedAt: string;
    } & (
        | { status: 'completed'; result: ResultOf<Task, Type> }
        | { status: 'failed' | 'cancelled'; error: TaskError }
      )
  : never;
