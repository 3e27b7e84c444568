import {
  Backfilled,
  Schedule,
  ScheduleDeleted,
  ScheduleDetails,
  ScheduleList,
  ScheduleRun,
} from '../edge/contract/schedule.ts';
import type { Time } from './filters.ts';
import type { Http } from './http/http.ts';
import type { CallOptions } from './options.ts';
import type { Submitter } from './submission/submitter.ts';
import type { NewTask, TaskShape } from './types.ts';

/** When a schedule runs: by a cron expression, or at an interval. */
export type ScheduleTimes = (
  | {
      /** Five fields, or six with seconds first. */
      readonly cron: string;
      /** An IANA name such as `Europe/Berlin`; UTC by default. */
      readonly timezone?: string | undefined;
      readonly everySeconds?: undefined;
    }
  | {
      /** Seconds between planned times, at least 1, counted from `startAt` or from when the schedule was set. */
      readonly everySeconds: number;
      readonly cron?: undefined;
      readonly timezone?: undefined;
    }
) & {
  /** No planned time is before it. */
  readonly startAt?: Time | undefined;
  /** No planned time is after it. */
  readonly endAt?: Time | undefined;
};

/** What a schedule does in special cases. */
export interface ScheduleRules {
  /**
   * While the last run is still alive: `skip` the planned time, `queue` it until the run has ended, `cancel` the
   * old run, or `allow` both. `skip` by default.
   */
  readonly overlap?: 'skip' | 'queue' | 'cancel' | 'allow' | undefined;
  /**
   * Planned times that passed while the queue was down or the schedule paused: run the latest `one`, `skip` them,
   * or run `all`, 1,000 at most. `one` by default. `all` needs the overlap `queue` or `allow`.
   */
  readonly missed?: 'one' | 'skip' | 'all' | undefined;
  /** How far `missed` looks back, in seconds; 86,400 by default. */
  readonly missedWithinSeconds?: number | undefined;
  /** Each task waits for a further time of up to this many seconds; 0 by default. */
  readonly jitterSeconds?: number | undefined;
}

/** The settings of a schedule: the task that it inserts, its times and its rules. */
export type ScheduleSettings<Task extends TaskShape = TaskShape> = ScheduledTask<NewTask<Task>> &
  ScheduleTimes &
  ScheduleRules & {
    /** Whether a task type declares it: `runner schedules apply` sets this, and its `--prune` deletes such schedules. */
    readonly declared?: boolean | undefined;
  };

type ScheduledTask<New> = New extends unknown ? Omit<New, 'delaySeconds' | 'runAt'> : never;

/** A page of schedules. */
export interface SchedulesPage extends CallOptions {
  /** 1 to 1,000; 100 by default. */
  readonly limit?: number | undefined;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

const repeatable = { repeatable: true } as const;

/** The schedules of a task queue: {@link TaskQueue.schedules}. */
export class Schedules<Task extends TaskShape = TaskShape> {
  readonly #http: Http;
  readonly #submitter: Submitter;

  constructor(http: Http, submitter: Submitter) {
    this.#http = http;
    this.#submitter = submitter;
  }

  /**
   * Creates a schedule or changes its settings. It then has these settings and no others. The same settings again
   * change nothing. If the planned times change, they count from now.
   *
   * @example
   * await queue.schedules.put('nightly', { type: 'report', payload: {}, cron: '0 3 * * *', timezone: 'Europe/Berlin' });
   */
  put(name: string, settings: ScheduleSettings<Task>, { signal }: CallOptions = {}): Promise<Schedule> {
    const body = JSON.stringify(settings);
    return this.#http.call(pathOf(name), Schedule, { method: 'PUT', ...repeatable, body, signal });
  }

  /**
   * Gets a schedule with its next ten planned times.
   *
   * @example
   * const { next, lastStatus } = await queue.schedules.get('nightly');
   */
  get(name: string, { signal }: CallOptions = {}): Promise<ScheduleDetails> {
    return this.#http.call(pathOf(name), ScheduleDetails, { signal });
  }

  /**
   * Gets a page of the schedules in the order of their names, with a `nextCursor` if there may be more.
   *
   * @example
   * const { schedules, nextCursor } = await queue.schedules.list({ limit: 50 });
   */
  list({ signal, limit, cursor }: SchedulesPage = {}): Promise<ScheduleList> {
    return this.#http.call('/schedules', ScheduleList, { query: { limit, cursor }, signal });
  }

  /**
   * Yields all schedules, page by page.
   *
   * @example
   * for await (const { name, nextRunAt } of queue.schedules.listAll()) console.log(name, nextRunAt);
   */
  async *listAll({ signal }: CallOptions = {}): AsyncGenerator<Schedule, void, undefined> {
    let cursor: string | undefined;
    do {
      const page: ScheduleList = await this.list({ limit: 1000, cursor, signal });
      yield* page.schedules;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }

  /**
   * Deletes a schedule. Its tasks stay.
   *
   * @example
   * const { deleted } = await queue.schedules.delete('nightly');
   */
  delete(name: string, { signal }: CallOptions = {}): Promise<ScheduleDeleted> {
    return this.#http.call(pathOf(name), ScheduleDeleted, { method: 'DELETE', ...repeatable, signal });
  }

  /**
   * Runs a schedule now, in addition to its planned times.
   *
   * @example
   * const { taskId } = await queue.schedules.run('nightly');
   */
  run(name: string, { signal }: CallOptions = {}): Promise<ScheduleRun> {
    return this.#submitter.submit(`${pathOf(name)}/run`, ScheduleRun, { signal });
  }

  /**
   * Pauses a schedule: it inserts no tasks until it is resumed.
   *
   * @example
   * await queue.schedules.pause('nightly');
   */
  pause(name: string, { signal }: CallOptions = {}): Promise<Schedule> {
    return this.#http.call(`${pathOf(name)}/pause`, Schedule, { method: 'POST', ...repeatable, signal });
  }

  /**
   * Resumes a paused schedule. Of the planned times that passed meanwhile, those run that `missed` names.
   *
   * @example
   * await queue.schedules.resume('nightly');
   */
  resume(name: string, { signal }: CallOptions = {}): Promise<Schedule> {
    return this.#http.call(`${pathOf(name)}/resume`, Schedule, { method: 'POST', ...repeatable, signal });
  }

  /**
   * Inserts the tasks of past planned times, up to 1,000; both ends are included. Planned times whose task is in
   * the ledger keep that task.
   *
   * @example
   * const { count } = await queue.schedules.backfill('nightly', { from: '2026-01-01T00:00:00Z', to: '2026-01-08T00:00:00Z' });
   */
  backfill(
    name: string,
    range: { readonly from: Time; readonly to: Time },
    { signal }: CallOptions = {},
  ): Promise<Backfilled> {
    const body = JSON.stringify(range);
    return this.#submitter.submit(`${pathOf(name)}/backfill`, Backfilled, { body, signal });
  }
}

function pathOf(name: string): string {
  return `/schedules/${encodeURIComponent(name)}`;
}

/** The settings of a schedule without its name and its state. */
export function settingsOf(schedule: Schedule): object {
  const { name, words, paused, createdAt, nextRunAt, queued, fault, ...rest } = schedule;
  const { lastRunAt, lastTaskId, lastStatus, lastLateMs, lastSkippedAt, ...settings } = rest;
  return settings;
}
