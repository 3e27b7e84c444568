import { existsSync, readFileSync } from 'node:fs';
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import { z } from 'zod';

/** The file with the settings of a deployment, in the folder from which it is deployed. */
export const SETTINGS_FILE = 'deploy.jsonc';

const Worker = z
  .looseObject({
    // Cloudflare would pass a number to the worker as a number.
    vars: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).optional(),
  })
  .refine((worker) => !('name' in worker), 'The workers find each other by their names, which are fixed');

const Settings = z.strictObject({ api: Worker.optional(), consumer: Worker.optional() });

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
  const value: unknown = parse(readFileSync(path, 'utf8'), errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error) throw new Error(`${path} is not JSON: ${printParseErrorCode(error.error)} at ${error.offset}`);
  const settings = Settings.safeParse(value);
  if (settings.success) return settings.data;
  const [issue] = settings.error.issues;
  throw new Error(`${path}: ${[issue?.path.join('.'), issue?.message].filter(Boolean).join(': ')}`);
}

/** A worker's configuration with its settings: variables are added, other keys are replaced. */
export function withSettings(
  config: Record<string, unknown>,
  settings: DeploySettings['api'] = {},
): Record<string, unknown> {
  const { vars, ...rest } = settings;
  const own = z.record(z.string(), z.unknown()).catch({}).parse(config.vars);
  return { ...config, ...rest, ...(vars && { vars: { ...own, ...vars } }) };
}
