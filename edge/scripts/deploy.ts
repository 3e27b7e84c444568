/**
 * Deploys both workers and what they need: the queues, the KV namespace, and tokens where there are none.
 * Running it again changes only what is missing or new. `--dry-run` bundles and checks, offline;
 * `--set-tokens client|runner` sets the tokens of a kind on both workers, and deploys nothing.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { parse } from 'jsonc-parser';
import { z } from 'zod';
import { ensureTokens, setTokens, TOKEN_SECRETS, type TokenKind } from './deploy-tokens.ts';
import { WRANGLER } from './lib/wrangler.ts';

const QUEUES = ['task-queue-v2', 'task-dead-letter-v2'];
const NAMESPACE = 'task-storage-v2';
const API_CONFIG = join(import.meta.dirname, '../api/wrangler.jsonc');
const BUFFER_CONFIG = join(import.meta.dirname, '../buffer/wrangler.jsonc');
/** The API Worker binds to the ledger of the Consumer Worker, which has to be there first. */
export const CONFIGS = [BUFFER_CONFIG, API_CONFIG];

/** Runs wrangler. */
export interface Wrangler {
  /** Shows what it prints; `input` is its standard input. Throws when it fails. */
  show(args: readonly string[], input?: string): void;
  /** Returns what it prints. Throws when it fails. */
  read(args: readonly string[]): string;
}

export function dryRun(wrangler: Wrangler): void {
  for (const config of CONFIGS) wrangler.show(['deploy', '--dry-run', '--config', config]);
}

export function deploy(wrangler: Wrangler): void {
  for (const queue of QUEUES) ensureQueue(wrangler, queue);
  const namespaceId = ensureNamespace(wrangler);
  for (const config of CONFIGS) upload(wrangler, config, namespaceId);
  ensureTokens(wrangler, CONFIGS);
}

/** Uploads a worker by a copy of its configuration that names this account's namespace. */
function upload(wrangler: Wrangler, config: string, namespaceId: string): void {
  const generated = join(dirname(config), 'wrangler.deploy.json');
  try {
    writeFileSync(generated, JSON.stringify(withNamespace(readFileSync(config, 'utf8'), namespaceId)));
    wrangler.show(['deploy', '--config', generated]);
  } finally {
    rmSync(generated, { force: true });
  }
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

function withNamespace(config: string, id: string): object {
  return { ...parse(config), kv_namespaces: [{ binding: 'TASK_STORAGE', id }] };
}

/** What was asked for on the command line. */
function readFlags(args: readonly string[]): { dryRun: boolean; kind: TokenKind | undefined } {
  const options = { 'dry-run': { type: 'boolean' }, 'set-tokens': { type: 'string' } } as const;
  const { values } = parseArgs({ args: [...args], options });
  const kind = values['set-tokens'];
  if (kind !== undefined && kind !== 'client' && kind !== 'runner') {
    throw new Error(`--set-tokens: Expected client or runner, got ${JSON.stringify(kind)}`);
  }
  return { dryRun: values['dry-run'] ?? false, kind };
}

/** Asks for a list of tokens, or reads it from standard input. */
async function askForTokens(kind: TokenKind): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).trim();
  console.log('Cloudflare does not show secrets again: give the whole list. A token that is left out ends.');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await terminal.question(
      `${TOKEN_SECRETS[kind]}, separated by commas; the word \`new\` makes a token: `,
    );
  } finally {
    terminal.close();
  }
}

if (import.meta.main) {
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false' };
  const wrangler: Wrangler = {
    show: (args, input) => {
      execFileSync(process.execPath, [WRANGLER, ...args], {
        env,
        stdio: [input === undefined ? 'inherit' : 'pipe', 'inherit', 'inherit'],
        ...(input !== undefined && { input }),
      });
    },
    read: (args) =>
      execFileSync(process.execPath, [WRANGLER, ...args], {
        env,
        encoding: 'utf8',
        stdio: ['inherit', 'pipe', 'pipe'],
      }),
  };
  try {
    const { dryRun: isDry, kind } = readFlags(process.argv.slice(2));
    if (kind) setTokens(wrangler, CONFIGS, kind, await askForTokens(kind));
    else if (isDry) dryRun(wrangler);
    else deploy(wrangler);
  } catch (error) {
    console.error(`Deployment stopped: ${error instanceof Error ? error.message : error}`);
    console.error('If you are not signed in, run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN.');
    process.exitCode = 1;
  }
}
