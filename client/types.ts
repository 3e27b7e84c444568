import type { Jsonify } from 'type-fest';
import type { z } from 'zod';
import type { StatusView, TaskView } from '../edge/contract/api.ts';
import type { TaskError } from '../edge/contract/task.ts';

/** What a client knows a task type by; a definition of `defineTask` is one. */
export interface TaskShape {
  readonly type: string;
  readonly payload: z.ZodType;
  run(...args: never[]): unknown;
}

/** The names of task types. */
export type TypeOf<Task extends TaskShape> = Task['type'];

type Named<Task extends TaskShape, Type extends string> = Task extends TaskShape
  ? Type extends Task['type']
    ? Task
    : never
  : never;

/** What a task type takes, before its schema has filled in defaults. */
export type PayloadOf<Task extends TaskShape, Type extends string> = z.input<Named<Task, Type>['payload']>;

/** What a task type's `run` returns, as it comes back from JSON. */
export type ResultOf<Task extends TaskShape, Type extends string> = FromJson<
  Awaited<ReturnType<Named<Task, Type>['run']>>
>;

/** `undefined` is excluded and extracted with `void`. */
type FromJson<Value> = unknown extends Value
  ? unknown
  : Jsonify<Exclude<Value, void>> | ([Extract<Value, void>] extends [never] ? never : undefined);

declare const TYPE: unique symbol;

/** The id of a task, a text that remembers which type of task it is, so that what is read by it is typed. */
export type TaskIdOf<Type extends string> = string & { readonly [TYPE]: Type };

/** How a task is to be run. */
export interface TaskOptions {
  /** From −100 to 100, 0 by default; higher first. */
  readonly priority?: number | undefined;
  /** Not before so many seconds from now; 30 days at most. */
  readonly delaySeconds?: number | undefined;
  /** Not before this time, a `Date` or ISO 8601 UTC; 30 days ahead at most. */
  readonly runAt?: Date | string | undefined;
  /** Attempts before the task fails, 1 to 100; 3 by default. */
  readonly maxAttempts?: number | undefined;
  /** Before attempt n + 1 it waits a random time up to `baseSeconds · 2^(n−1)`, but `capSeconds` at most. */
  readonly backoff?:
    | { readonly baseSeconds?: number | undefined; readonly capSeconds?: number | undefined }
    | undefined;
  /** Seconds for one attempt. */
  readonly timeoutSeconds?: number | undefined;
  /** Ten at most, each of 1 to 64 characters, to find it by. */
  readonly tags?: readonly string[] | undefined;
}

type PayloadField<Payload> = undefined extends Payload
  ? { readonly payload?: Payload }
  : { readonly payload: Payload };

/** A task to submit. */
export type NewTask<Task extends TaskShape = TaskShape> = Task extends TaskShape
  ? { readonly type: Task['type'] } & PayloadField<z.input<Task['payload']>> & TaskOptions
  : never;

/** A task's status, of a known type. */
export type StatusOf<Type extends string> = Type extends string ? StatusView & { type: Type } : never;

/** All of a task, of a known type. */
export type TaskOf<Task extends TaskShape, Type extends string> = Type extends string
  ? Omit<TaskView, 'type' | 'result'> & { type: Type; result?: ResultOf<Task, Type> }
  : never;

/**
 * A task that has ended: by `status` there is a `result` or an `error`, and by `type` the result has its type.
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
