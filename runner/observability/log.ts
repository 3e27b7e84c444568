import { hostname } from 'node:os';
import { type Logger, pino } from 'pino';
import { printable, printableJson } from '../../client/cli/printable.ts';
import type { RunnerOptions } from '../options.ts';
import { boundedRecord, MAX_RECORD_BYTES } from './log-record.ts';

/** Records that cannot be written now, such as on a disk that is full, wait in memory up to this size. */
const MAX_WAITING_BYTES = 2 ** 20;

/**
 * The logger of a runner, by its name. Every record goes to standard output and is bounded, whatever it is given.
 * As JSON it carries the runner; as text, what `details` holds follows the message.
 */
export function createLogger(
  { logLevel, logFormat }: Pick<RunnerOptions, 'logLevel' | 'logFormat'>,
  runner: string,
): Logger {
  const isJson = logFormat === 'json';
  const output = pino.destination({ dest: 1, sync: true, maxLength: MAX_WAITING_BYTES });
  // Whoever reads the log may be gone, or its disk be full: the runner goes on, and so does the log when it can.
  output.on('error', () => {});
  return pino(
    {
      level: logLevel,
      base: isJson ? { pid: process.pid, hostname: hostname(), runner } : null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: {
        logMethod([first, second], method) {
          const { message, fields } =
            typeof first === 'string' ? boundedRecord(first, {}) : boundedRecord(second, first);
          method.call(this, fields, message);
        },
        streamWrite: isJson ? printableJson : (line) => textRecord(JSON.parse(line)),
      },
    },
    output,
  );
}

/** A record as text. Only the lines of its details follow its first line, and they are indented or a bracket. */
function textRecord({ time, level, msg, details }: Record<string, unknown>): string {
  const head = `[${time}] [${String(level).toUpperCase()}] ${printable(String(msg))}`;
  const rest = details === undefined ? '' : `: ${printableJson(JSON.stringify(details, null, 2))}`;
  return `${cutRecord(head + rest)}\n`;
}

/** Indentation can make a record larger than its content. */
function cutRecord(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length < MAX_RECORD_BYTES) return text;
  const notice = '… [cut]';
  const end = MAX_RECORD_BYTES - 1 - Buffer.byteLength(notice);
  return new TextDecoder().decode(bytes.subarray(0, end), { stream: true }) + notice;
}
