import { Changed, StatusView, type TaskList, TaskView } from '../edge/contract/api.ts';
import { MAX_WAIT_SECONDS } from '../edge/contract/limits.ts';
import { QueueStats, RunnerList, Ticket, TypeSwitch } from '../edge/contract/stats.ts';
import { cutBatches, taskText } from './batches.ts';
import { delay } from './delay.ts';
import { TaskQueueError } from './errors.ts';
import { followEvents } from './events.ts';
import { type CancelFilter, type ListFilter, type PageFilter, queryOf, type RetryFilter } from './filters.ts';
import { type Call, type ConnectionOptions, Http } from './http.ts';
import { listAll, listPage } from './listing.ts';
import type {
  CallOptions,
  ChangeAllOptions,
  ChangedTasks,
  ListOptions,
  SubmitManyOptions,
  SubmitOptions,
  WaitOptions,
} from './options.ts';
import { afterSubmitting, countedFrom } from './refused-batch.ts';
import { batchSubmitted, endedTask, statusOf, submitted, taskOf } from './response-schemas.ts';
import { Submitter } from './submitter.ts';
import { pathOf } from './task-path.ts';
import type {
  EndedTask,
  NewTask,
  PayloadOf,
  StatusOf,
  TaskIdOf,
  TaskOf,
  TaskShape,
  TypeOf,
} from './types.ts';

export type { StatusView, TaskList, TaskView } from '../edge/contract/api.ts';
export type { QueueStats, RunnerList, RunnerView, Ticket, TypeSwitch } from '../edge/contract/stats.ts';
export type { TaskError, TaskStatus } from '../edge/contract/task.ts';
export { type Issue, TaskQueueError, type TaskQueueErrorCode } from './errors.ts';
export type { CancelFilter, ListFilter, PageFilter, RetryFilter, TaskFilter } from './filters.ts';
export type { ConnectionOptions } from './http.ts';
export type {
  CallOptions,
  ChangeAllOptions,
  ChangedTasks,
  ListOptions,
  SubmitManyOptions,
  SubmitOptions,
  WaitOptions,
} from './options.ts';
export type {
  EndedTask,
  NewTask,
  PayloadOf,
  ResultOf,
  TaskIdOf,
  TaskOptions,
  TaskShape,
  TypeOf,
} from './types.ts';

/** Below what proxies on the way usually allow an answer to take. */
const HOLD_SECONDS = Math.min(MAX_WAIT_SECONDS, 45);
/** A worker that does not hold its answers is asked this often. */
const POLL_MS = 1000;

/** A POST of which a repeat does no harm. */
const POST = { method: 'POST', repeatable: true } as const satisfies Call;

/**
 * A task queue's API Worker, for clients: submits tasks, follows them, and has the queue's state told.
 *
 * With the types of your task definitions, names, payloads and results are checked when the client is
 * compiled; without, any name and any payload goes. Every method rejects with a {@link TaskQueueError}. Calls
 * that fail for a passing reason (the network, a 5xx) are made again, three times, where a repeat does no harm:
 * all but `retry`, `retryAll` and `cancelAll`.
 *
 * @example
 * ```ts
 * import { TaskQueue } from '@edge-task-queue/client';
 * import type wordCount from './my-tasks/word-count.ts';
 *
 * const queue = new TaskQueue<typeof wordCount>({ url: 'http://localhost:8787' });
 * const id = await queue.submit('word-count', { text: 'to be or not to be' });
 * const task = await queue.wait(id);
 * if (task.status === 'completed') console.log(task.result.words);
 * else console.error(task.error.message);
 * ```
 */
export class TaskQueue<Task extends TaskShape = TaskShape> {
  readonly #http: Http;
  readonly #submitter: Submitter;

  /** @throws {TypeError} where `url` is no http or https URL. */
  constructor(options: ConnectionOptions) {
    this.#http = new Http(options);
    this.#submitter = new Submitter(this.#http);
  }

  /** Submits a task, and resolves with its id once it is accepted: from then on it is not lost. */
  async submit<Type extends TypeOf<Task>>(
    type: Type,
    ...[payload, options]: undefined extends PayloadOf<Task, Type>
      ? [payload?: PayloadOf<Task, Type>, options?: SubmitOptions]
      : [payload: PayloadOf<Task, Type>, options?: SubmitOptions]
  ): Promise<TaskIdOf<Type>> {
    const { signal, idempotencyKey, ...task } = options ?? {};
    const body = taskText({ type, payload, ...task });
    const submission = { body, idempotencyKey, signal };
    return (await this.#submitter.submit('/tasks', submitted<Type>(), submission)).taskId;
  }

  /**
   * Submits many tasks in batches, one after the other, and resolves with their ids in the tasks' order. Tasks
   * that come from an async iterable are read as they are sent.
   *
   * @throws {TaskQueueError} whose `submitted` has the ids of the batches before the one that was refused, and
   * whose `issues` count tasks from the first of all.
   */
  async submitMany(
    tasks: Iterable<NewTask<Task>> | AsyncIterable<NewTask<Task>>,
    { idempotencyKey, onBatch, signal }: SubmitManyOptions = {},
  ): Promise<TaskIdOf<TypeOf<Task>>[]> {
    const ids: TaskIdOf<TypeOf<Task>>[] = [];
    let batches = 0;
    try {
      for await (const { first, body } of cutBatches(tasks)) {
        const key = idempotencyKey === undefined ? undefined : `${idempotencyKey}.${batches}`;
        const submission = { body, idempotencyKey: key, signal };
        const answer = this.#submitter.submit('/tasks/batch', batchSubmitted<TypeOf<Task>>(), submission);
        const { taskIds } = await answer.catch((error: unknown) => {
          throw countedFrom(first, error);
        });
        for (const id of taskIds) ids.push(id);
        batches += 1;
        onBatch?.(taskIds);
      }
    } catch (error) {
      throw afterSubmitting(ids, error);
    }
    return ids;
  }

  /** A task's status, attempt and progress. */
  async status<Type extends TypeOf<Task> = TypeOf<Task>>(
    id: TaskIdOf<Type> | string,
    { signal }: CallOptions = {},
  ): Promise<StatusOf<Type>> {
    return this.#http.call(`${pathOf(id)}/status`, statusOf<Type>(), { signal });
  }

  /** All of a task: its status, payload, result and latest attempts. */
  async get<Type extends TypeOf<Task> = TypeOf<Task>>(
    id: TaskIdOf<Type> | string,
    { signal }: CallOptions = {},
  ): Promise<TaskOf<Task, Type>> {
    return this.#http.call(pathOf(id), taskOf<Task, Type>(), { signal });
  }

  /**
   * Waits until a task has ended, and resolves with it however it ended: `status` says `completed`, with a
   * `result`, or `failed` or `cancelled`, with an `error`.
   *
   * @throws {TaskQueueError} `wait_timeout` where it has not ended in time; it goes on, and can be waited for
   * again.
   */
  async wait<Type extends TypeOf<Task> = TypeOf<Task>>(
    id: TaskIdOf<Type> | string,
    { timeoutSeconds = Number.POSITIVE_INFINITY, signal }: WaitOptions = {},
  ): Promise<EndedTask<Task, Type>> {
    const until = performance.now() + timeoutSeconds * 1000;
    for (;;) {
      const askedAt = performance.now();
      const wait = Math.min(HOLD_SECONDS, Math.max(0, (until - askedAt) / 1000));
      const { status, completedAt } = await this.#http.call(`${pathOf(id)}/status`, StatusView, {
        query: { wait },
        timeoutMs: (HOLD_SECONDS + 30) * 1000,
        signal,
      });
      if (completedAt !== undefined) {
        const task = await this.#http.call(pathOf(id), TaskView, { signal });
        const ended = endedTask<Task, Type>().safeParse(task);
        if (ended.success) return ended.data;
      }
      const now = performance.now();
      if (now >= until) {
        throw new TaskQueueError(
          'wait_timeout',
          `The task ${id} has not ended within ${timeoutSeconds} s, it is ${status}: wait longer, or again`,
        );
      }
      await delay(Math.min(askedAt + POLL_MS, until) - now, signal);
    }
  }

  /**
   * A task's status now, and at each change of status, attempt or progress, until it has ended. A stream that
   * breaks is taken up again where it broke.
   *
   * @example
   * ```ts
   * for await (const { status, progress } of queue.follow(id)) console.log(status, progress);
   * ```
   */
  async *follow<Type extends TypeOf<Task> = TypeOf<Task>>(
    id: TaskIdOf<Type> | string,
    { signal }: CallOptions = {},
  ): AsyncGenerator<StatusOf<Type>, void, undefined> {
    const view = statusOf<Type>();
    for await (const event of followEvents(this.#http, `${pathOf(id)}/events`, signal)) {
      yield view.parse(event);
    }
  }

  /**
   * A page of the tasks that have not been archived, newest first; `nextCursor` if there may be more. A page
   * that is not full is the last one, or has taken `maxCalls`.
   */
  list(filter: PageFilter = {}, options: ListOptions = {}): Promise<TaskList> {
    return listPage(this.#http, filter, options);
  }

  /** All tasks of `list`, as each call finds them. */
  listAll(
    filter: ListFilter = {},
    options: CallOptions = {},
  ): AsyncGenerator<TaskList['tasks'][number], void, undefined> {
    return listAll(this.#http, filter, options);
  }

  /** Calls a task off; one that runs is aborted by its runner. */
  async cancel<Type extends TypeOf<Task> = TypeOf<Task>>(
    id: TaskIdOf<Type> | string,
    { signal }: CallOptions = {},
  ): Promise<StatusOf<Type>> {
    return this.#http.call(`${pathOf(id)}/cancel`, statusOf<Type>(), { ...POST, signal });
  }

  /** Brings a failed or cancelled task back. */
  async retry<Type extends TypeOf<Task> = TypeOf<Task>>(
    id: TaskIdOf<Type> | string,
    { signal }: CallOptions = {},
  ): Promise<StatusOf<Type>> {
    return this.#http.call(`${pathOf(id)}/retry`, statusOf<Type>(), { method: 'POST', signal });
  }

  /** Calls off all tasks that a filter finds, 500 a call. */
  cancelAll(filter: CancelFilter, options?: ChangeAllOptions): Promise<ChangedTasks> {
    return this.#changeAll('/tasks/cancel', filter, options);
  }

  /** Brings back all tasks that a filter finds, 500 a call. */
  retryAll(filter: RetryFilter, options?: ChangeAllOptions): Promise<ChangedTasks> {
    return this.#changeAll('/tasks/retry', filter, options);
  }

  /** How many tasks there are of each type and status, and what ended within the last hour. */
  stats({ signal }: CallOptions = {}): Promise<QueueStats> {
    return this.#http.call('/stats', QueueStats, { signal });
  }

  /** The runners that are connected or hold tasks, and the tasks that they hold. */
  runners({ signal }: CallOptions = {}): Promise<RunnerList> {
    return this.#http.call('/runners', RunnerList, { signal });
  }

  /** Hands out no more tasks of a type; those that run go on. */
  pause(type: TypeOf<Task>, { signal }: CallOptions = {}): Promise<TypeSwitch> {
    return this.#http.call(`/types/${encodeURIComponent(type)}/pause`, TypeSwitch, { ...POST, signal });
  }

  /** Hands out tasks of a type again. */
  resume(type: TypeOf<Task>, { signal }: CallOptions = {}): Promise<TypeSwitch> {
    return this.#http.call(`/types/${encodeURIComponent(type)}/resume`, TypeSwitch, { ...POST, signal });
  }

  /** What authorises a browser's socket or event stream for a minute, in its URL as `?ticket=`. */
  ticket({ signal }: CallOptions = {}): Promise<Ticket> {
    return this.#http.call('/tickets', Ticket, { ...POST, signal });
  }

  async #changeAll(
    path: string,
    filter: CancelFilter | RetryFilter,
    { signal, onPage }: ChangeAllOptions = {},
  ): Promise<ChangedTasks> {
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const query = { ...queryOf(filter), cursor };
      const page: Changed = await this.#http.call(path, Changed, { method: 'POST', query, signal });
      for (const id of page.taskIds) ids.push(id);
      onPage?.(page.taskIds);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return { count: ids.length, taskIds: ids };
  }
}
