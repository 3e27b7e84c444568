import { isProgress } from '../../edge/contract/buffer.ts';
import { MAX_PROGRESS_BYTES } from '../../edge/contract/limits.ts';
import { boundedTaskRecord } from '../observability/log-record.ts';
import type { TaskContext, TaskLog } from '../task.ts';
import { LOG_LIMITS, LOG_RULE, NoteBudget } from './note-budget.ts';
import { PrintedLines } from './stdio/printed-lines.ts';
import type { Output } from './stdio/task-stdio.ts';
import type { Job, TaskLogLevel, ThreadNote } from './thread-protocol.ts';

/** How often the latest progress of a task is sent. */
const PROGRESS_MS = 100;

/** The log level of printed output. */
const PRINTED_LEVEL = { stdout: 'info', stderr: 'warn' } as const;

const now = performance.now.bind(performance);

/** The log and progress of a running task, limited in size and rate. */
export class TaskNotes {
  readonly #send: (note: ThreadNote) => boolean;
  readonly #budget = new NoteBudget(LOG_LIMITS, now());
  #progressAt = Number.NEGATIVE_INFINITY;
  /** The latest progress that is not sent yet. */
  #progress: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #printed = new Map<Output, PrintedLines>();
  #lost = 0;

  /** @param send returns false where a note is lost. */
  constructor(send: (note: ThreadNote) => boolean) {
    this.#send = send;
  }

  log(level: TaskLogLevel, message: string, details?: object): void {
    const { message: text, fields } = boundedTaskRecord(message, details);
    const json = fields === undefined ? undefined : JSON.stringify(fields);
    if (!this.#budget.take(text.length + (json?.length ?? 0), now())) {
      if (this.#budget.dropped === 1) this.#write('warn', `Log lines are dropped from here on: ${LOG_RULE}`);
      return;
    }
    this.#write(level, text, json);
  }

  /** Logs what the task prints, a record for each line. */
  print(output: Output, piece: Buffer): void {
    const lines =
      this.#printed.get(output) ?? new PrintedLines((line) => this.log(PRINTED_LEVEL[output], line));
    this.#printed.set(output, lines);
    lines.add(piece);
  }

  progress(value: unknown): void {
    // One value that the edge refuses would stop the heartbeat of all other tasks.
    const text = progressText(value);
    if (text === undefined) {
      const limit = `expected a JSON value of at most ${MAX_PROGRESS_BYTES} bytes`;
      this.log('warn', `Progress is dropped: ${limit}`);
      return;
    }
    this.#progress = text;
    const wait = this.#progressAt + PROGRESS_MS - now();
    if (wait <= 0) this.#sendProgress();
    else this.#timer ??= setTimeout(() => this.#sendProgress(), wait).unref();
  }

  /** Sends the remaining progress and log lines when the task has ended. */
  flush(): void {
    this.#sendProgress();
    for (const lines of this.#printed.values()) lines.end();
    const dropped = this.#budget.dropped + this.#lost;
    if (dropped > 0) this.#write('warn', `${dropped} log line(s) of the task were dropped`);
  }

  #sendProgress(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#progress === undefined) return;
    this.#send({ kind: 'progress', value: this.#progress });
    this.#progress = undefined;
    this.#progressAt = now();
  }

  #write(level: TaskLogLevel, message: string, details?: string): void {
    if (!this.#send({ kind: 'log', level, message, details })) this.#lost += 1;
  }
}

/** Creates the context that a task gets. */
export function contextOf(
  { taskId, attempt, timeoutSeconds, schedule, dataDir, env }: Job,
  signal: AbortSignal,
  notes: TaskNotes,
): TaskContext<string> {
  const at = (level: TaskLogLevel) => (message: string, details?: object) =>
    notes.log(level, message, details);
  const log: TaskLog = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return {
    taskId,
    attempt,
    timeoutSeconds,
    schedule,
    dataDir,
    env: Object.freeze(env),
    log,
    signal,
    progress: (value) => notes.progress(value),
  };
}

/** A progress value as JSON, written once: a `toJSON` of the task's may answer something else the next time. */
function progressText(value: unknown): string | undefined {
  try {
    const text = JSON.stringify(value);
    return text !== undefined && isProgress(JSON.parse(text)) ? text : undefined;
  } catch {
    return undefined;
  }
}
