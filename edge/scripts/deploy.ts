/**
 * Deploys both workers and what they need: the queues, the KV namespace, and tokens if there are none.
 * Another run adds only what is missing or new.
 */
import { type ExecFileSyncOptions, execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { parse } from 'jsonc-parser';
import { z } from 'zod';
import { type DeploySettings, readSettings, SETTINGS_FILE, withSettings } from './deploy-settings.ts';
import { ensureTokens, setTokens, TOKEN_SECRETS, type TokenKind } from './deploy-tokens.ts';
import { WRANGLER, type Wrangler } from './lib/wrangler.ts';

const QUEUES = ['task-queue-v2', 'task-dead-letter-v2'];
const NAMESPACE = 'task-storage-v2';
const API_CONFIG = join(import.meta.dirname, '../api/wrangler.jsonc');
const BUFFER_CONFIG = join(import.meta.dirname, '../buffer/wrangler.jsonc');
/** The API Worker binds to the ledger of the Consumer Worker, so the Consumer Worker must exist first. */
export const CONFIGS = [BUFFER_CONFIG, API_CONFIG];

/** Bundles both workers and checks them, offline. */
export function dryRun(wrangler: Wrangler, settings: DeploySettings = {}): void {
  uploadAll(wrangler, ['--dry-run'], settings);
}

/** Deploys nothing if a check of either worker fails. */
export function deploy(wrangler: Wrangler, settings: DeploySettings = {}): void {
  dryRun(wrangler, settings);
  for (const queue of QUEUES) ensureQueue(wrangler, queue);
  const id = ensureNamespace(wrangler);
  uploadAll(wrangler, [], settings, { kv_namespaces: [{ binding: 'TASK_STORAGE', id }] });
  ensureTokens(wrangler, CONFIGS);
}

function uploadAll(
  wrangler: Wrangler,
  flags: readonly string[],
  { api, consumer }: DeploySettings,
  account: object = {},
): void {
  upload(wrangler, flags, BUFFER_CONFIG, {
    ...withSettings(readConfig(BUFFER_CONFIG), consumer),
    ...account,
  });
  upload(wrangler, flags, API_CONFIG, { ...withSettings(readConfig(API_CONFIG), api), ...account });
}

/** Uploads a worker with a copy of its configuration that contains its settings and the account's namespace. */
function upload(wrangler: Wrangler, flags: readonly string[], path: string, config: object): void {
  const generated = join(dirname(path), 'wrangler.deploy.json');
  try {
    writeFileSync(generated, JSON.stringify(config));
    wrangler.show(['deploy', ...flags, '--config', generated]);
  } finally {
    rmSync(generated, { force: true });
  }
}

function readConfig(path: string): Record<string, unknown> {
  return parse(readFileSync(path, 'utf8'));
}

function ensureQueue(wrangler: Wrangler, queue: string): void {
  try {
    wrangler.read(['queues', 'info', queue]);
  } catch {
    wrangler.show(['queues', 'create', queue]);
  }
}

const Namespaces = z.array(z.object({ id: z.string(), title: z.string() }));

function ensureNamespace(wrangler: Wrangler): string {
  const find = () =>
    Namespaces.parse(JSON.parse(wrangler.read(['kv', 'namespace', 'list']))).find(
      ({ title }) => title === NAMESPACE,
    );
  const existing = find();
  if (existing) return existing.id;
  wrangler.show(['kv', 'namespace', 'create', NAMESPACE]);
  const created = find();
  if (!created)
    throw new Error(`The KV namespace ${NAMESPACE} was created but is not listed; run this again`);
  return created.id;
}

const USAGE = `Usage: npm run deploy -- [--dry-run | --set-tokens client|runner]

  --dry-run            bundle both workers and check them, offline
  --set-tokens KIND    set the tokens of clients or runners on both workers; deploy nothing

The settings are read from ${SETTINGS_FILE} in the current folder.`;

interface Flags {
  readonly help: boolean;
  readonly dryRun: boolean;
  readonly kind: TokenKind | undefined;
}

/** npm takes flags before a lone `--` for its own, and the script gets only a variable. */
function expectNoFlagsOfNpm(args: readonly string[], env: NodeJS.ProcessEnv): void {
  for (const [flag, variable, usage] of [
    ['--dry-run', 'npm_config_dry_run', '--dry-run'],
    ['--set-tokens', 'npm_config_set_tokens', '--set-tokens client|runner'],
  ] as const) {
    if (!env[variable] || args.some((arg) => arg.startsWith(flag))) continue;
    throw new Error(
      `npm used ${flag} itself and did not pass it on. Type \`npm run deploy -- ${usage}\`, with \`--\` before the flag`,
    );
  }
}

function readFlags(args: readonly string[]): Flags {
  const options = {
    help: { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
    'set-tokens': { type: 'string' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const kind = values['set-tokens'];
  if (kind !== undefined && kind !== 'client' && kind !== 'runner') {
    throw new Error(`--set-tokens: Expected client or runner, got ${JSON.stringify(kind)}`);
  }
  return { help: values.help, dryRun: values['dry-run'], kind };
}

/** Asks for a list of tokens, or reads it from standard input. */
async function askForTokens(kind: TokenKind): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).trim();
  console.log(
    'Cloudflare does not show secrets again. Enter all tokens: a token that you leave out stops working.',
  );
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await terminal.question(
      `${TOKEN_SECRETS[kind]}, separated by commas; the word \`new\` creates a token: `,
    );
  } finally {
    terminal.close();
  }
}

if (import.meta.main) {
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false' };
  let hasWranglerFailed = false;
  const run = (args: readonly string[], options: ExecFileSyncOptions): string => {
    try {
      return String(execFileSync(process.execPath, [WRANGLER, ...args], { env, ...options }) ?? '');
    } catch (error) {
      // A dry run needs no account.
      hasWranglerFailed = !args.includes('--dry-run');
      throw error;
    }
  };
  const wrangler: Wrangler = {
    show: (args, input) => {
      run(args, {
        stdio: [input === undefined ? 'inherit' : 'pipe', 'inherit', 'inherit'],
        ...(input !== undefined && { input }),
      });
    },
    read: (args) => run(args, { stdio: ['inherit', 'pipe', 'pipe'] }),
  };
  try {
    expectNoFlagsOfNpm(process.argv.slice(2), process.env);
    const { help, dryRun: isDry, kind } = readFlags(process.argv.slice(2));
    if (help) console.log(USAGE);
    else if (kind) setTokens(wrangler, CONFIGS, kind, await askForTokens(kind));
    else if (isDry) dryRun(wrangler, readSettings());
    else deploy(wrangler, readSettings());
  } catch (error) {
    console.error(`Deployment stopped: ${error instanceof Error ? error.message : error}`);
    if (hasWranglerFailed) {
      console.error('If you are not signed in, run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN.');
    }
    process.exitCode = 1;
  }
}
