import { batch, signal } from '@preact/signals';
import type { TaskList } from '../../../contract/api.ts';
import type { TaskFilter } from '../../logic/filter.ts';
import { type Gathered, gatherPage, type Page, withFurther } from '../../logic/gather.ts';
import { mergeRows } from '../../logic/merge-rows.ts';
import { sentenceOf } from './notices.ts';
import { ask } from './session.ts';

export type TaskSummary = TaskList['tasks'][number];

export const PAGE_SIZE = 50;
/** The maximum number of calls of a search. Each call looks at 10,000 tasks. */
const SEARCH_ANSWERS = 50;
/** The maximum number of calls of a refresh. */
const REFRESH_ANSWERS = 5;
/** The minimum time between two refreshes. */
const MIN_SPACING_MS = 2000;
/** The time between two refreshes is at least this many times the duration of the last one. */
const SPACING_FACTOR = 10;

/** An update that is not shown yet, because the reader is using the rows. */
interface Pending {
  readonly page: Gathered<TaskSummary>;
  readonly added: number;
  readonly gone: ReadonlySet<string>;
}

/** A page of a list of tasks, kept up to date. */
export class TaskListing {
  readonly rows = signal<readonly TaskSummary[] | undefined>(undefined);
  readonly error = signal<string | undefined>(undefined);
  readonly nextCursor = signal<string | undefined>(undefined);
  /** The search reached its limit before the page was full. */
  readonly stopped = signal(false);
  /** A search is running, and the rows are what it has found so far. */
  readonly searching = signal(false);
  readonly pending = signal<Pending | undefined>(undefined);
  readonly #filter: TaskFilter;
  readonly #cursor: string | undefined;
  readonly #isHeld: () => boolean;
  readonly #abort = new AbortController();
  #running = false;
  #again = false;
  /** The next page is shown even if the reader is using the rows. */
  #mayMove = true;
  #loadedAt = 0;
  #tookMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param isHeld returns whether the reader is using the rows now, so that they must not move. */
  constructor(filter: TaskFilter, cursor: string | undefined, isHeld: () => boolean) {
    this.#filter = filter;
    this.#cursor = cursor;
    this.#isHeld = isHeld;
    void this.#load();
  }

  /** Refreshes the page soon, because something may have changed. Rows in use stay in place. */
  note(): void {
    if (this.#timer !== undefined || this.#abort.signal.aborted || this.searching.value) return;
    const spacing = Math.max(MIN_SPACING_MS, this.#tookMs * SPACING_FACTOR);
    const wait = Math.max(0, this.#loadedAt + spacing - Date.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#load();
    }, wait);
  }

  /** Refreshes the page now. Rows in use stay in place. */
  refresh(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    void this.#load();
  }

  /** Loads the page again and shows it, even if the rows are in use. */
  reload(): void {
    this.#mayMove = true;
    this.refresh();
  }

  /** Shows the update that was held back. */
  showPending(): void {
    if (this.pending.value) this.#show(this.pending.value.page);
  }

  /** Continues the search from where it stopped. */
  async searchOn(): Promise<void> {
    const shown = this.rows.value ?? [];
    const cursor = this.nextCursor.value;
    if (cursor === undefined || this.searching.value) return;
    const withShown = (page: Gathered<TaskSummary>) => ({ ...page, rows: [...shown, ...page.rows] });
    this.searching.value = true;
    try {
      const page = await gatherPage(this.#ask, {
        size: PAGE_SIZE - shown.length,
        cursor,
        maxAnswers: SEARCH_ANSWERS,
        onFound: (found) => this.#show(withShown(found)),
      });
      this.#show(withShown(page));
    } catch (error) {
      this.#fail(error);
    } finally {
      this.searching.value = false;
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#abort.abort();
  }

  async #load(): Promise<void> {
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    const mayMove = this.#mayMove;
    this.#mayMove = false;
    const startedAt = Date.now();
    try {
      const page = mayMove ? await this.#search() : await this.#update();
      if (!mayMove && this.#isHeld() && this.rows.value && this.rows.value.length > 0) this.#hold(page);
      else this.#show(page);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#running = false;
      this.searching.value = false;
      this.#loadedAt = Date.now();
      this.#tookMs = this.#loadedAt - startedAt;
      if (this.#again) {
        this.#again = false;
        this.note();
      }
    }
  }

  /** Loads the page. While there are no rows yet, it shows tasks as soon as a call finds them. */
  #search(): Promise<Gathered<TaskSummary>> {
    const isFirst = this.rows.value === undefined;
    return gatherPage(this.#ask, {
      size: PAGE_SIZE,
      cursor: this.#cursor,
      maxAnswers: SEARCH_ANSWERS,
      onFound: (found) => {
        this.searching.value = true;
        if (isFirst) this.#show(found);
      },
    });
  }

  /** Loads the page with a few calls. Keeps the older rows that an earlier, longer search has found. */
  async #update(): Promise<Gathered<TaskSummary>> {
    const page = await gatherPage(this.#ask, {
      size: PAGE_SIZE,
      cursor: this.#cursor,
      maxAnswers: REFRESH_ANSWERS,
    });
    const { rows, nextCursor, stopped } = this;
    if (rows.value === undefined) return page;
    const shown = {
      rows: [...rows.value],
      stopped: stopped.value,
      ...(nextCursor.value !== undefined && { nextCursor: nextCursor.value }),
    };
    return withFurther(page, shown, PAGE_SIZE);
  }

  /** Makes one call, so that its tasks can be shown before the next call. */
  readonly #ask = async (cursor: string | undefined, limit: number): Promise<Page<TaskSummary>> => {
    const options = { signal: this.#abort.signal, maxCalls: 1 };
    const { tasks, nextCursor } = await ask((queue) =>
      queue.list({ ...this.#filter, limit, cursor }, options),
    );
    return { rows: tasks, ...(nextCursor !== undefined && { nextCursor }) };
  };

  #show(page: Gathered<TaskSummary>): void {
    if (this.#abort.signal.aborted) return;
    batch(() => {
      this.rows.value = page.rows;
      this.nextCursor.value = page.nextCursor;
      this.stopped.value = page.stopped;
      this.pending.value = undefined;
      this.error.value = undefined;
    });
  }

  #hold(page: Gathered<TaskSummary>): void {
    if (this.#abort.signal.aborted) return;
    const { rows, added, gone } = mergeRows(this.rows.value ?? [], page.rows);
    batch(() => {
      this.rows.value = rows;
      this.pending.value = added > 0 || gone.size > 0 ? { page, added, gone } : undefined;
      this.error.value = undefined;
    });
  }

  #fail(error: unknown): void {
    if (!this.#abort.signal.aborted) this.error.value = sentenceOf(error);
  }
}
