/** The levels of a log, least severe first. */
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof LEVELS)[number];
const DEFAULT_LEVEL: Level = 'info';

/** An invocation keeps 256 KB of log: a line shows this many tasks at most. */
const MAX_SHOWN = 100;
/** Paths, names and messages of errors may repeat what a client sent: a line shows this much of each. */
const MAX_TEXT_LENGTH = 1000;
const MAX_STACK_LENGTH = 4000;
const MAX_CAUSES = 3;

export interface LogEnv {
  /**
   * The least severe lines to log (default `info`): `debug`, `info`, `warn` or `error`. At `debug` every claim,
   * report and submission has a line; above it none does.
   */
  LOG_LEVEL?: string;
}

/** What a line carries beside its level and its message: ids first of all. `error` takes whatever was thrown. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes lines that are objects, whose fields Workers Logs makes searchable. */
export interface Log {
  /** @param fields called only where the line is written. */
  debug(message: string, fields: () => LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

const logs = new Map<string, Log>();

/** A worker's log at the level that it is configured with. */
export function logOf({ LOG_LEVEL = '' }: LogEnv): Log {
  const known = logs.get(LOG_LEVEL);
  if (known) return known;
  const log = createLog(levelOf(LOG_LEVEL));
  logs.set(LOG_LEVEL, log);
  return log;
}

/** Writes an error, which every level shows. */
export function logError(message: string, fields: LogFields = {}): void {
  write('error', message, fields);
}

/** As many of some tasks as a line shows. */
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
      `Expected LOG_LEVEL to be one of ${LEVELS.join(', ')}, got "${variable}"; taking ${DEFAULT_LEVEL}`,
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

/** What an error says, and its causes say; as it is, it would show as `{}`. */
function describe(error: unknown, causes: number): unknown {
  if (!(error instanceof Error)) return cut(String(error));
  const { name, message, stack, cause } = error;
  const said = { name: cut(name), message: cut(message), stack: stack && cut(stack, MAX_STACK_LENGTH) };
  return cause === undefined || causes === 0 ? said : { ...said, cause: describe(cause, causes - 1) };
}

function cut(text: string, max = MAX_TEXT_LENGTH): string {
  return text.length <= max ? text : `${text.slice(0, max).toWellFormed()}… [cut, ${text.length} characters]`;
}
