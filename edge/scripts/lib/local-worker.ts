import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { extname, join } from 'node:path';
import { z } from 'zod';

/** A worker to run on this machine: what `worker-process.ts` is given. */
export const LocalWorker = z.object({
  /** The file of its configuration. */
  config: z.string(),
  port: z.int(),
  /** The folder of persisted state. */
  stateDir: z.string(),
  /** Where the workers of one system find each other. */
  registry: z.string(),
  /** The folder of the pages that it serves; by default the one of its configuration. */
  assets: z.string().optional(),
  vars: z.record(z.string(), z.string()),
});
export type LocalWorker = z.infer<typeof LocalWorker>;

const SCRIPT = join(import.meta.dirname, `worker-process${extname(import.meta.filename)}`);

/** Wrangler's Local Explorer gives every page of a local origin all that the workers store. */
const ENV = {
  X_LOCAL_EXPLORER: 'false',
  WRANGLER_LOG: 'error',
  WRANGLER_SEND_METRICS: 'false',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
};

/** Starts a worker as a process, which has children of its own. */
export function spawnWorker(worker: LocalWorker, options: SpawnOptions): ChildProcess {
  const env = { ...process.env, ...ENV };
  return spawn(process.execPath, ['--no-warnings', SCRIPT, JSON.stringify(worker)], { ...options, env });
}
