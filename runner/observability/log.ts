import { hostname } from 'node:os';
import { type Logger, pino } from 'pino';
import { printable, printableJson } from '../../client/cli/printable.ts';
import type { RunnerOptions } from '../options.ts';
import { boundedRecord, MAX_RECORD_BYTES } from './log-record.ts';

/** Records that cannot be written now, for example on a full disk, wait in memory up to this size. */
const MAX_WAITING_BYTES = 2 ** 20;

/**
 * Creates the logger of a runner. Every record goes to standard output and has a bounded size. A JSON record
 * contains the runner's name. In a text record, the content of `details` follows the message.
 */
export function createLogger(
  { logLevel, logFormat }: Pick<RunnerOptions, 'logLevel' | 'logFormat'>,
  runner: string,
): Logger {
  const isJson = logFormat === 'json';
  const output = pino.destination({ dest: 1, sync: true, maxLength: MAX_WAITING_BYTES });
  // The reader may be gone, or the disk full. The runner continues, and the log continues when it can.
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

/** A record as text. Only lines of its details follow the first line. They are indented or a closing bracket. */
function textRecord({ time, level, msg, details }: Record<string, unknown>): string {
  const head = `[${time}] [${String(level).toUpperCase()}] ${printable(String(msg))}`;
  const rest = details === undefined ? '' : `: ${printableJson(JSON.stringify(details, null, 2))}`;
  return `${cutRecord(head + rest)}\n`;
}

/** Cuts a record, because indentation can make it larger than its content. */
function cutRecord(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length < MAX_RECORD_BYTES) return text;
  const notice = '… [cut]';
  const end = MAX_RECORD_BYTES - 1 - Buffer.byteLength(notice);
  return new TextDecoder().decode(bytes.subarray(0, end), { stream: true }) + notice;
}
