import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { DEFAULT_LEASE_SECONDS } from '../edge/contract/limits.ts';
import { BEARER_TOKEN, TOKEN_CHARACTERS } from '../edge/contract/text.ts';
import { BUILT_IN_TYPES } from './catalog/built-in.ts';
import { TOKEN_VARIABLE } from './threads/thread-env.ts';

const number = (expected: string) =>
  z.string().trim().min(1, expected).or(z.number()).pipe(z.coerce.number(expected));
const count = (max: number) => {
  const expected = `Expected a whole number from 1 to ${max}`;
  return number(expected).pipe(z.int(expected).min(1, expected).max(max, expected));
};
const seconds = (max: number) => {
  const expected = `Expected a number of seconds from 0 to ${max}`;
  return number(expected).pipe(z.number().min(0, expected).max(max, expected));
};
const port = count(65_535);
const flag = z.coerce.string().pipe(z.stringbool({ error: 'Expected true or false' }));
const url = z.url({ protocol: /^https?$/, error: 'Expected an http or https URL' });
const folder = z
  .string()
  .min(1)
  .transform((path) => resolve(path));
const oneOf = <const Words extends readonly string[]>(words: Words) =>
  z.enum(words, `Expected ${words.join(', ')}`);
const builtInExpected = `Expected \`all\`, \`none\`, or names separated by commas from: ${BUILT_IN_TYPES.join(', ')}`;
const builtInTypes = z
  .string(builtInExpected)
  .transform((text) => {
    if (text.trim() === 'all') return [...BUILT_IN_TYPES];
    if (text.trim() === 'none') return [];
    return [...new Set(text.split(',').map((name) => name.trim()))];
  })
  .pipe(z.array(z.enum(BUILT_IN_TYPES, builtInExpected)));

/**
 * A runner's settings. Each has a description and an environment variable, which applies if the command line
 * does not set the flag. `flag` is the flag's name if it differs from the setting's. Folders become absolute
 * paths.
 */
export const RunnerOptions = z.object({
  threads: count(1024)
    .default(availableParallelism())
    .meta({ env: 'THREADS', description: 'Worker threads for CPU-heavy tasks, one task each' }),
  ioConcurrency: count(10_000).default(32).meta({
    env: 'IO_CONCURRENCY',
    description: 'Tasks of the io lane that run at once, all on one additional thread',
  }),
  tasks: folder.optional().meta({ env: 'TASKS_DIR', description: 'Folder with your own task types' }),
  builtIn: builtInTypes.prefault('all').meta({
    env: 'BUILT_IN',
    description: 'Built-in task types to run, separated by commas; all or none',
  }),
  dataDir: folder
    .prefault('data')
    .meta({ env: 'DATA_DIR', description: 'Folder that tasks read their files from' }),
  queueUrl: url
    .default('http://localhost:8788')
    .meta({ env: 'QUEUE_WORKER_URL', description: 'URL of the Consumer Worker' }),
  apiUrl: url
    .default('http://localhost:8787')
    .meta({ env: 'API_WORKER_URL', description: 'URL of the API Worker' }),
  token: z.string().regex(BEARER_TOKEN, `Expected only ${TOKEN_CHARACTERS}`).optional().meta({
    env: TOKEN_VARIABLE,
    description: 'One of the tokens in RUNNER_TOKENS, the secret of both workers',
  }),
  pollIntervalMs: count(3_600_000).default(5000).meta({
    env: 'POLL_INTERVAL',
    flag: 'poll-interval',
    description: 'Milliseconds between polls when nothing is ready',
  }),
  wake: flag.default(true).meta({
    env: 'WAKE',
    description: 'Keep a WebSocket on which the edge announces new work; --no-wake only polls',
  }),
  leaseSeconds: count(3600).default(DEFAULT_LEASE_SECONDS).meta({
    env: 'LEASE_SECONDS',
    description: 'Seconds until the tasks of a dead runner go to another runner',
  }),
  drainTimeoutSeconds: seconds(86_400).default(30).meta({
    env: 'DRAIN_TIMEOUT',
    flag: 'drain-timeout',
    description: 'Seconds that running tasks may take to end when the runner stops',
  }),
  metricsPort: port.optional().meta({
    env: 'METRICS_PORT',
    description: 'Serve GET /metrics (Prometheus), /ready and /health on this port',
  }),
  metricsHost: z.string().min(1, 'Expected an IP address or a host name').default('127.0.0.1').meta({
    env: 'METRICS_HOST',
    description: 'Address of that port; 0.0.0.0 opens it to the network',
  }),
  logLevel: oneOf(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .meta({ env: 'LOG_LEVEL', description: 'Lowest level to log: debug, info, warn, error or silent' }),
  logFormat: oneOf(['text', 'json'])
    .default('text')
    .meta({ env: 'LOG_FORMAT', description: 'Log format: text for people, json for machines' }),
  logPayloads: oneOf(['small', 'never']).default('small').meta({
    env: 'LOG_PAYLOADS',
    description: 'Payloads to show in the text format: up to 2 KB (small) or none (never)',
  }),
  once: flag.default(false).meta({ env: 'ONCE', description: 'Exit when nothing is ready' }),
});
export type RunnerOptions = z.output<typeof RunnerOptions>;

/** One setting, as the command line shows it. */
export interface Setting {
  readonly name: string;
  readonly flag: string;
  readonly env: string;
  readonly description: string;
  readonly defaultValue: unknown;
}

/** All settings, in the order of the help. */
export function listSettings(): Setting[] {
  const defaults: Record<string, unknown> = RunnerOptions.parse({});
  return Object.entries(RunnerOptions.shape).map(([name, schema]) => ({
    name,
    flag: String(schema.meta()?.flag ?? name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)),
    env: String(schema.meta()?.env),
    description: String(schema.meta()?.description),
    defaultValue: defaults[name],
  }));
}

/**
 * Reads the settings: first from flags (by the flag's name or the option's), then from the environment, then
 * from the defaults.
 *
 * @throws {Error} with one sentence for each wrong setting.
 */
export function readOptions(flags: Record<string, unknown>, env: NodeJS.ProcessEnv): RunnerOptions {
  const settings = listSettings();
  const given = Object.fromEntries(
    settings.map(({ name, flag, env: key }) => [name, flags[name] ?? flags[flag] ?? (env[key] || undefined)]),
  );
  const options = RunnerOptions.safeParse(given);
  if (options.success) return options.data;
  const sentences = options.error.issues.map(({ path, message }) => {
    const wrong = settings.find(({ name }) => name === path[0]);
    // A secret is not printed, even a wrong one.
    const got = wrong?.name === 'token' ? '' : `, got ${JSON.stringify(given[wrong?.name ?? ''])}`;
    return `--${wrong?.flag} (${wrong?.env}): ${message}${got}`;
  });
  throw new Error(sentences.join('\n'));
}
