/**
 * Deploys both workers and what they need: the queues, the KV namespace, and tokens where there are none.
 * Running it again changes only what is missing or new. `--dry-run` bundles and checks, offline.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'jsonc-parser';
import { z } from 'zod';

const QUEUES = ['task-queue-v2', 'task-dead-letter-v2'];
const NAMESPACE = 'task-storage-v2';
const SECRETS = ['API_TOKENS', 'RUNNER_TOKENS'];
const API_CONFIG = join(import.meta.dirname, 'api/wrangler.jsonc');
const BUFFER_CONFIG = join(import.meta.dirname, 'buffer/wrangler.jsonc');
/** Runs wrangler. */
export interface Wrangler {
  /** Shows what it prints; `input` is its standard input. Throws when it fails. */
  show(args: readonly string[], input?: string): void;
  /** Returns what it prints. Throws when it fails. */
  read(args: readonly string[]): string;
}

export function dryRun(wrangler: Wrangler): void {
  for (const config of [BUFFER_CONFIG, API_CONFIG])
    wrangler.show(['deploy', '--dry-run', '--config', config]);
}

export function deploy(wrangler: Wrangler): void {
  for (const queue of QUEUES) ensureQueue(wrangler, queue);
  const namespaceId = ensureNamespace(wrangler);
  // The API Worker binds to the ledger of the Consumer Worker, which has to be there first.
  for (const config of [BUFFER_CONFIG, API_CONFIG]) upload(wrangler, config, namespaceId);
  ensureTokens(wrangler);
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

const Secrets = z.array(z.object({ name: z.string() }));

/** Makes a token for each secret that neither worker has, and shows it once: it cannot be read back. */
function ensureTokens(wrangler: Wrangler): void {
  const configs = [BUFFER_CONFIG, API_CONFIG];
  const present = configs.map((config) => {
    const list = wrangler.read(['secret', 'list', '--format', 'json', '--config', config]);
    return new Set(Secrets.parse(JSON.parse(list)).map(({ name }) => name));
  });
  const missing = SECRETS.filter((name) => present.every((names) => !names.has(name)));
  const tokens = Object.fromEntries(missing.map((name) => [name, randomBytes(32).toString('base64url')]));
  if (missing.length > 0) {
    for (const config of configs)
      wrangler.show(['secret', 'bulk', '--config', config], JSON.stringify(tokens));
    console.log('\nTokens of this deployment, shown this once; keep them:');
    for (const [name, token] of Object.entries(tokens)) console.log(`  ${name}=${token}`);
  }
  for (const name of SECRETS.filter((secret) => !missing.includes(secret))) {
    if (present.every((names) => names.has(name))) continue;
    console.warn(
      `Only one worker has the secret ${name}: set the same value on the other with \`wrangler secret put\`.`,
    );
  }
}

if (import.meta.main) {
  const bin = join(import.meta.dirname, '../node_modules/wrangler/bin/wrangler.js');
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false' };
  const wrangler: Wrangler = {
    show: (args, input) => {
      execFileSync(process.execPath, [bin, ...args], {
        env,
        stdio: [input === undefined ? 'inherit' : 'pipe', 'inherit', 'inherit'],
        ...(input !== undefined && { input }),
      });
    },
    read: (args) =>
      execFileSync(process.execPath, [bin, ...args], {
        env,
        encoding: 'utf8',
        stdio: ['inherit', 'pipe', 'pipe'],
      }),
  };
  try {
    if (process.argv.includes('--dry-run')) dryRun(wrangler);
    else deploy(wrangler);
  } catch (error) {
    console.error(`Deployment stopped: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
