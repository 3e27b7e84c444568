import { once } from 'node:events';
import { createServer } from 'node:net';
import { type ScriptOptions, startScript } from './script.ts';

/** Both workers on this machine, each on its own port. */
export interface LocalEdge {
  readonly apiUrl: string;
  readonly queueUrl: string;
  /** The environment variables that connect a runner to this edge. */
  readonly env: { readonly API_WORKER_URL: string; readonly QUEUE_WORKER_URL: string };
  readonly ended: Promise<number | null>;
  stop(): Promise<number | null>;
}

export interface LocalEdgeOptions extends Pick<ScriptOptions, 'output' | 'signal'> {
  /** Free ports by default. */
  readonly ports?: { readonly api?: number; readonly buffer?: number };
  /** The script that starts the workers; `edge/scripts/dev.ts` by default. */
  readonly script?: string;
  /** Further environment variables of the script. */
  readonly env?: Record<string, string>;
}

/**
 * Starts the two workers as `npm run edge` does.
 *
 * @param stateDir the folder of their persisted state.
 */
export async function startLocalEdge(stateDir: string, options: LocalEdgeOptions = {}): Promise<LocalEdge> {
  const { ports = {}, env = {}, script: path = 'edge/scripts/dev.ts', ...scriptOptions } = options;
  const { api = await freePort(), buffer = await freePort() } = ports;
  const script = await startScript(path, {
    ...scriptOptions,
    env: { ...env, API_PORT: String(api), BUFFER_PORT: String(buffer), STATE_DIR: stateDir },
    readyLine: /^Edge ready/,
  });
  const apiUrl = `http://localhost:${api}`;
  const queueUrl = `http://localhost:${buffer}`;
  return {
    apiUrl,
    queueUrl,
    env: { API_WORKER_URL: apiUrl, QUEUE_WORKER_URL: queueUrl },
    ended: script.ended,
    stop: () => script.stop(),
  };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  await once(server.close(), 'close');
  if (typeof address !== 'object' || address === null) throw new Error('The system gave no free port');
  return address.port;
}
