import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { RunnerOptions } from './options.ts';

/** The runner's logger. Every line goes to standard output; what `details` holds follows the message. */
export function createLogger({ logLevel, logFormat }: Pick<RunnerOptions, 'logLevel' | 'logFormat'>): Logger {
  if (logFormat === 'json') {
    return pino({
      level: logLevel,
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
