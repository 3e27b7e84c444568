import { existsSync, readFileSync } from 'node:fs';
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import { z } from 'zod';
import { TOKEN_SECRETS } from './deploy-tokens.ts';

/** The file with the settings of a deployment, in the folder from which it is deployed. */
export const SETTINGS_FILE = 'deploy.jsonc';

/** Cloudflare would give the worker a number as a number. */
const text = z.union([z.string(), z.number()]).transform((value) => String(value).trim());
const number = text.pipe(
  z.string().regex(/^\d+(\.\d+)?$/, 'Expected a number of at least 0, without a unit'),
);
const perType = text.pipe(
  z
    .string()
    .regex(
      /^([^=,]+=)?\s*\d+(\.\d+)?\s*(,[^=,]+=\s*\d+(\.\d+)?\s*)*$/,
      'Expected a number, or numbers of task types like "24, report=168"',
    ),
);

const origins = text.pipe(
  z
    .string()
    .regex(
      /^https?:\/\/[^\s/,]+(\s*,\s*https?:\/\/[^\s/,]+)*$/,
      'Expected origins separated by commas, such as "https://app.example.com"',
    ),
);

/** The variables of both workers. */
const SHARED = {
  ALLOWED_ORIGINS: origins,
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']),
};
const API_VARS = z
  .strictObject({
    ...SHARED,
    RETENTION_HOURS: perType,
    ARCHIVE_DAYS: perType,
    SWEEP_AFTER_SECONDS: number,
    SEAL_EARLY_BYTES: number,
  })
  .partial();
const CONSUMER_VARS = z
  .strictObject({ ...SHARED, FULL_BYTES: number, PACED_CALLS_PER_SECOND: number })
  .partial();

/** The keys of wrangler's configuration that a deployment may change. The others hold the workers together. */
const KEYS = [
  ...['routes', 'route', 'workers_dev', 'preview_urls', 'account_id', 'ratelimits', 'limits', 'placement'],
  ...['observability', 'logpush', 'tail_consumers'],
];

function worker<Vars extends z.ZodType>(vars: Vars) {
  return z
    .strictObject({
      ...Object.fromEntries(KEYS.map((key) => [key, z.unknown().optional()])),
      vars: vars.optional(),
    })
    .optional();
}

const Settings = z.strictObject({ api: worker(API_VARS), consumer: worker(CONSUMER_VARS) });

/** Keys of each worker's wrangler configuration. */
export type DeploySettings = z.output<typeof Settings>;

/**
 * Reads the settings; none if there is no such file.
 *
 * @throws {Error} that names the file and its fault.
 */
export function readSettings(path = SETTINGS_FILE): DeploySettings {
  if (!existsSync(path)) return {};
  const errors: ParseError[] = [];
  const content = readFileSync(path, 'utf8');
  const value: unknown = parse(content, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error) {
    const line = content.slice(0, error.offset).split('\n').length;
    throw new Error(`${path} is not JSON: ${printParseErrorCode(error.error)} in line ${line}`);
  }
  const settings = Settings.safeParse(value);
  if (settings.success) return settings.data;
  const [issue] = settings.error.issues;
  const message = issue?.code === 'unrecognized_keys' ? unknownKey(issue.path, issue.keys) : issue?.message;
  throw new Error(`${path}: ${[issue?.path.join('.'), message].filter(Boolean).join(': ')}`);
}

const VARIABLES = { api: Object.keys(API_VARS.shape), consumer: Object.keys(CONSUMER_VARS.shape) };

/** The sentence for the first unknown key at a place in the file. */
function unknownKey([worker, vars]: readonly PropertyKey[], [key = '']: readonly string[]): string {
  if (worker !== 'api' && worker !== 'consumer') return `Unknown key "${key}": expected "api" or "consumer"`;
  for (const kind of ['client', 'runner'] as const) {
    if (key !== TOKEN_SECRETS[kind]) continue;
    return `${key} is a secret: set it with \`npm run deploy -- --set-tokens ${kind}\` and remove it here`;
  }
  if (vars === undefined) {
    return VARIABLES[worker].includes(key)
      ? `${key} is a variable: put it into "vars"`
      : `Unknown key "${key}": expected "vars" or one of ${KEYS.join(', ')}`;
  }
  const other = worker === 'api' ? 'consumer' : 'api';
  return VARIABLES[other].includes(key)
    ? `${key} is a setting of "${other}"`
    : `Unknown variable "${key}": expected one of ${VARIABLES[worker].join(', ')}`;
}

/** A worker's configuration with its settings: variables are added, other keys are replaced. */
export function withSettings(
  config: Record<string, unknown>,
  settings: { readonly vars?: object | undefined; readonly [key: string]: unknown } = {},
): Record<string, unknown> {
  const { vars, ...rest } = settings;
  const own = z.record(z.string(), z.unknown()).catch({}).parse(config.vars);
  return { ...config, ...rest, ...(vars && { vars: { ...own, ...vars } }) };
}
