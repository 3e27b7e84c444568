import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RunnerEvents } from '../events.ts';
import type { RunnerOptions } from '../options.ts';

type LogOptions = Pick<RunnerOptions, 'logLevel' | 'logFormat'> & Partial<Pick<RunnerOptions, 'logPayloads'>>;

/** An event as another process gets it. `configured` contains its catalog as a list of types. */
export type ToldEvent = readonly [name: keyof RunnerEvents, ...args: unknown[]];

const TEXT: LogOptions = { logLevel: 'info', logFormat: 'text' };

/** The name of the runner in the log. */
export const RUNNER = 'host-1';

/** Runs `code` in a process and returns what it logs. `code` can use the logger `log` and the data `args`. */
export async function logged(code: string, args: unknown, options: LogOptions = TEXT): Promise<string> {
  const script = `
    import { createLogger } from './observability/log.ts';
    const [options, args] = JSON.parse(process.argv[1]);
    const log = createLogger(options, '${RUNNER}');
    ${code}`;
  const argv = ['--input-type=module', '--eval', script, JSON.stringify([options, args])];
  const cwd = join(import.meta.dirname, '..');
  return (await promisify(execFile)(process.execPath, argv, { cwd })).stdout;
}

/** Returns the log lines of these events. */
export function loggedEvents(events: readonly ToldEvent[], options?: LogOptions): Promise<string> {
  const code = `
    const { createBus } = await import('./events.ts');
    const { logEvents } = await import('./observability/log-events.ts');
    const bus = createBus();
    logEvents(bus, log, { logPayloads: 'small', ...options });
    for (const [name, first, ...rest] of args) {
      if (name === 'retrying') bus.emit(name, new Error(first));
      else if (name === 'configured') bus.emit(name, first, new Map(rest[0].map((type) => [type, {}])));
      else bus.emit(name, first, ...rest);
    }`;
  return logged(code, events, options);
}

const TIMESTAMP = /^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\] /gm;

/** Removes the times from the text of a log. It changes only lines that start with a time in brackets. */
export function withoutTimes(text: string): string {
  return text.replace(TIMESTAMP, '');
}
