/** The levels of a log, least severe first. */
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof LEVELS)[number];
const DEFAULT_LEVEL: Level = 'info';

/** A log line shows at most this many tasks, because an invocation may log only 256 KB. */
const MAX_SHOWN = 100;
/** Maximum length of each text of a log line. Paths, names and error messages may contain text from a client. */
const MAX_TEXT_LENGTH = 1000;
const MAX_STACK_LENGTH = 4000;
const MAX_CAUSES = 3;

export interface LogEnv {
  /**
   * The least severe level that is logged: `debug`, `info` (the default), `warn` or `error`. Claims, reports and
   * submissions are logged only at `debug`.
   */
  LOG_LEVEL?: string;
}

/** The fields of a log line in addition to its level and its message. `error` may be any thrown value. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes log lines as objects, because Workers Logs makes their fields searchable. */
export interface Log {
  /** @param fields called only if the line is written. */
  debug(message: string, fields: () => LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

const logs = new Map<string, Log>();

/** A worker's log at its configured level. */
export function logOf({ LOG_LEVEL = '' }: LogEnv): Log {
  const known = logs.get(LOG_LEVEL);
  if (known) return known;
  const log = createLog(levelOf(LOG_LEVEL));
  logs.set(LOG_LEVEL, log);
  return log;
}

/** Writes an error. Errors are logged at every level. */
export function logError(message: string, fields: LogFields = {}): void {
  write('error', message, fields);
}

/** The first items of a list, up to the limit of a log line. */
export function shown<Item>(items: readonly Item[]): Item[] {
  return items.slice(0, MAX_SHOWN);
}

function createLog(least: Level): Log {
  const shows = (level: Level) => LEVELS.indexOf(level) >= LEVELS.indexOf(least);
  const at =
    (level: Level) =>
    (message: string, fields: LogFields = {}) => {
      if (shows(level)) write(level, message, fields);
    };
  return {
    debug: (message, fields) => {
      if (shows('debug')) write('debug', message, fields());
    },
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
}

function levelOf(variable: string): Level {
  const level = LEVELS.find((one) => one === variable);
  if (level === undefined && variable !== '') {
    logError(
      `Expected LOG_LEVEL to be one of ${LEVELS.join(', ')}, got "${variable}"; using ${DEFAULT_LEVEL}`,
    );
  }
  return level ?? DEFAULT_LEVEL;
}

function write(level: Level, message: string, { error, ...fields }: LogFields): void {
  const shownFields = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === 'string' ? cut(value) : value,
  ]);
  const described = error === undefined ? {} : { error: describe(error, MAX_CAUSES) };
  console[level]({ level, message: cut(message), ...Object.fromEntries(shownFields), ...described });
}

/** The text fields of an error and its causes. Without this, an error would be logged as `{}`. */
function describe(error: unknown, causes: number): unknown {
  if (!(error instanceof Error)) return cut(String(error));
  const { name, message, stack, cause } = error;
  const fields = { name: cut(name), message: cut(message), stack: stack && cut(stack, MAX_STACK_LENGTH) };
  return cause === undefined || causes === 0 ? fields : { ...fields, cause: describe(cause, causes - 1) };
}

function cut(text: string, max = MAX_TEXT_LENGTH): string {
  return text.length <= max ? text : `${text.slice(0, max).toWellFormed()}… [cut, ${text.length} characters]`;
}
