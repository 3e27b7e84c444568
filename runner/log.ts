import { hostname } from 'node:os';
import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { RunnerOptions } from './options.ts';

/**
 * The logger of a runner, by its name. Every line goes to standard output. As JSON it carries the runner;
 * as text, what `details` holds follows the message.
 */
export function createLogger(
  { logLevel, logFormat }: Pick<RunnerOptions, 'logLevel' | 'logFormat'>,
  runner: string,
): Logger {
  if (logFormat === 'json') {
    return pino({
      level: logLevel,
      base: { pid: process.pid, hostname: hostname(), runner },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    });
  }
  const stream = pretty({
    colorize: false,
    sync: true,
    hideObject: true,
    ignore: 'pid,hostname,time,level',
    messageFormat: textLine,
  });
  return pino({ level: logLevel }, stream);
}

function textLine(line: Record<string, unknown>, messageKey: string): string {
  const time = new Date(Number(line.time)).toISOString();
  const level = (pino.levels.labels[Number(line.level)] ?? 'info').toUpperCase();
  const details = line.details === undefined ? '' : `: ${JSON.stringify(line.details, null, 2)}`;
  return `[${time}] [${level}] ${line[messageKey]}${details}`;
}
