import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { extname, join } from 'node:path';
import { z } from 'zod';

/** A worker to run on this machine; the input of `worker-process.ts`. */
export const LocalWorker = z.object({
  /** Its configuration file. */
  config: z.string(),
  port: z.int(),
  /** The folder of persisted state. */
  stateDir: z.string(),
  /** The folder through which the workers of one system find each other. */
  registry: z.string(),
  /** The folder of the pages that it serves; by default the folder in its configuration. */
  assets: z.string().optional(),
  vars: z.record(z.string(), z.string()),
});
export type LocalWorker = z.infer<typeof LocalWorker>;

const SCRIPT = join(import.meta.dirname, `worker-process${extname(import.meta.filename)}`);

/** Wrangler's Local Explorer would show all data of the workers to any page of a local origin. */
const ENV = {
  X_LOCAL_EXPLORER: 'false',
  WRANGLER_LOG: 'error',
  WRANGLER_SEND_METRICS: 'false',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
};

/** Starts a worker as a process, which starts child processes. */
export function spawnWorker(worker: LocalWorker, options: SpawnOptions): ChildProcess {
  const env = { ...process.env, ...ENV };
  return spawn(process.execPath, ['--no-warnings', SCRIPT, JSON.stringify(worker)], { ...options, env });
}
