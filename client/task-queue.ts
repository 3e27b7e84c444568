import type { TaskList } from '../edge/contract/api.ts';
import { QueueStats, RunnerList, Ticket, TypeSwitch } from '../edge/contract/stats.ts';
import { changeAll } from './change-all.ts';
import type { CancelFilter, ListFilter, PageFilter, RetryFilter } from './filters.ts';
import { followEvents } from './http/events.ts';
import { type Call, type ConnectionOptions, Http } from './http/http.ts';
import { statusOf, submitted, taskOf } from './http/response-schemas.ts';
import { pathOf } from './http/task-path.ts';
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
import { Schedules } from './schedules.ts';
import { taskText } from './submission/batches.ts';
import { submitMany } from './submission/submit-many.ts';
import { Submitter } from './submission/submitter.ts';
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
import { waitForEnd } from './wait-for-end.ts';

/** A POST that can be repeated without harm. */
const POST = { method: 'POST', repeatable: true } as const satisfies Call;

/**
 * The client of a task queue: submits tasks, waits for them, changes them, and reads statistics.
 *
 * Give it the types of your task definitions, and the compiler checks names, payloads and results. Without them,
 * it takes any name and any payload. Every method rejects with a {@link TaskQueueError}. A call that fails for a
 * temporary reason (the network, a 5xx) is repeated up to three times, except `retry`, `retryAll` and `cancelAll`,
 * because their repeat could change more tasks.
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
  /** The schedules, which insert tasks at planned times. */
  readonly schedules: Schedules<Task>;

  /**
   * @throws {TypeError} if `url` is not an http or https URL, or no header can carry `token`.
   *
   * @example
   * const queue = new TaskQueue({ url: 'https://tasks.example.com', token: process.env.TASK_QUEUE_TOKEN });
   */
  constructor(options: ConnectionOptions) {
    this.#http = new Http(options);
    this.#submitter = new Submitter(this.#http);
    this.schedules = new Schedules<Task>(this.#http, this.#submitter);
  }

  /**
   * Submits a task and resolves with its id once it is accepted. An accepted task is not lost.
   *
   * @example
   * const id = await queue.submit('word-count', { text: 'to be' }, { priority: 10, delaySeconds: 60 });
   */
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
   * Submits many tasks in batches, one after the other, and resolves with their ids in the order of the tasks.
   * An async iterable is read as its tasks are sent.
   *
   * @throws {TaskQueueError} with the ids of the batches before the refused one in `submitted`. The indexes in
   * its `issues` count from the first task of all batches.
   *
   * @example
   * const ids = await queue.submitMany(texts.map((text) => ({ type: 'word-count', payload: { text } })));
   */
  submitMany(
    tasks: Iterable<NewTask<Task>> | AsyncIterable<NewTask<Task>>,
    options: SubmitManyOptions = {},
  ): Promise<TaskIdOf<TypeOf<Task>>[]> {
    return submitMany<TypeOf<Task>>(this.#submitter, tasks, options);
  }

  /**
   * Gets the status, attempt and progress of a task.
   *
   * @example
   * const { status, progress } = await queue.status(id);
   */
  async status<Type extends TypeOf<Task> = TypeOf<Task>>(
    id: TaskIdOf<Type> | string,
    { signal }: CallOptions = {},
  ): Promise<StatusOf<Type>> {
    return this.#http.call(`${pathOf(id)}/status`, statusOf<Type>(), { signal });
  }

  /**
   * Gets a task: its status, payload, result and latest attempts.
   *
   * @example
   * const { payload, attempts } = await queue.get(id);
   */
  async get<Type extends TypeOf<Task> = TypeOf<Task>>(
    id: TaskIdOf<Type> | string,
    { signal }: CallOptions = {},
  ): Promise<TaskOf<Task, Type>> {
    return this.#http.call(pathOf(id), taskOf<Task, Type>(), { signal });
  }

  /**
   * Waits until a task has ended and resolves with it: with a `result` if its status is `completed`, with an
   * `error` if it is `failed` or `cancelled`.
   *
   * @throws {TaskQueueError} `wait_timeout` if the task has not ended in time. The task continues, and you can
   * wait for it again.
   *
   * @example
   * const task = await queue.wait(id, { timeoutSeconds: 300 });
   */
  wait<Type extends TypeOf<Task> = TypeOf<Task>>(
    id: TaskIdOf<Type> | string,
    options: WaitOptions = {},
  ): Promise<EndedTask<Task, Type>> {
    return waitForEnd<Task, Type>(this.#http, id, options);
  }

  /**
   * Yields a task's status now, and again when its status, attempt or progress changes, until it has ended. If
   * the stream breaks, it continues from where it broke.
   *
   * @example
   * for await (const { status, progress } of queue.follow(id)) console.log(status, progress);
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
   * Gets a page of the tasks that are not archived, newest first, with a `nextCursor` if there may be more. If a
   * page is not full, it is the last one, or it has used up `maxCalls`.
   *
   * @example
   * const { tasks, nextCursor } = await queue.list({ status: 'failed', limit: 50 });
   */
  list(filter: PageFilter = {}, options: ListOptions = {}): Promise<TaskList> {
    return listPage(this.#http, filter, options);
  }

  /**
   * Yields all tasks that match a filter, newest first, page by page.
   *
   * @example
   * for await (const { taskId } of queue.listAll({ type: 'word-count' })) console.log(taskId);
   */
  listAll(
    filter: ListFilter = {},
    options: CallOptions = {},
  ): AsyncGenerator<TaskList['tasks'][number], void, undefined> {
    return listAll(this.#http, filter, options);
  }

  /**
   * Cancels a task. If it is running, its runner aborts it.
   *
   * @example
   * await queue.cancel(id);
   */
  async cancel<Type extends TypeOf<Task> = TypeOf<Task>>(
    id: TaskIdOf<Type> | string,
    { signal }: CallOptions = {},
  ): Promise<StatusOf<Type>> {
    return this.#http.call(`${pathOf(id)}/cancel`, statusOf<Type>(), { ...POST, signal });
  }

  /**
   * Retries a failed or cancelled task. It gets all its attempts again.
   *
   * @example
   * await queue.retry(id);
   */
  async retry<Type extends TypeOf<Task> = TypeOf<Task>>(
    id: TaskIdOf<Type> | string,
    { signal }: CallOptions = {},
  ): Promise<StatusOf<Type>> {
    return this.#http.call(`${pathOf(id)}/retry`, statusOf<Type>(), { method: 'POST', signal });
  }

  /**
   * Cancels all tasks that match a filter, 500 per call.
   *
   * @example
   * const { count } = await queue.cancelAll({ type: 'word-count', tag: 'import-7' });
   */
  cancelAll(filter: CancelFilter, options?: ChangeAllOptions): Promise<ChangedTasks> {
    return changeAll(this.#http, '/tasks/cancel', filter, options);
  }

  /**
   * Retries all failed or cancelled tasks that match a filter, 500 per call.
   *
   * @example
   * const { count } = await queue.retryAll({ type: 'word-count', since: new Date(Date.now() - 3_600_000) });
   */
  retryAll(filter: RetryFilter, options?: ChangeAllOptions): Promise<ChangedTasks> {
    return changeAll(this.#http, '/tasks/retry', filter, options);
  }

  /**
   * Gets the number of tasks of each type and status, and the tasks that ended in each minute of the last hour.
   *
   * @example
   * const { counts, types } = await queue.stats();
   */
  stats({ signal }: CallOptions = {}): Promise<QueueStats> {
    return this.#http.call('/stats', QueueStats, { signal });
  }

  /**
   * Gets the runners that are connected or hold tasks, and the tasks that they hold.
   *
   * @example
   * const { runners } = await queue.runners();
   */
  runners({ signal }: CallOptions = {}): Promise<RunnerList> {
    return this.#http.call('/runners', RunnerList, { signal });
  }

  /**
   * Pauses a task type: runners get no more of its tasks. Running tasks continue.
   *
   * @example
   * await queue.pause('word-count');
   */
  pause(type: TypeOf<Task>, { signal }: CallOptions = {}): Promise<TypeSwitch> {
    return this.#http.call(`/types/${encodeURIComponent(type)}/pause`, TypeSwitch, { ...POST, signal });
  }

  /**
   * Resumes a paused task type.
   *
   * @example
   * await queue.resume('word-count');
   */
  resume(type: TypeOf<Task>, { signal }: CallOptions = {}): Promise<TypeSwitch> {
    return this.#http.call(`/types/${encodeURIComponent(type)}/resume`, TypeSwitch, { ...POST, signal });
  }

  /**
   * Creates a ticket. For one minute a browser can open a socket or an event stream with `?ticket=` in the URL.
   *
   * @example
   * const { ticket } = await queue.ticket();
   * const events = new EventSource(`https://tasks.example.com/tasks/${id}/events?ticket=${ticket}`);
   */
  ticket({ signal }: CallOptions = {}): Promise<Ticket> {
    return this.#http.call('/tickets', Ticket, { ...POST, signal });
  }
}
