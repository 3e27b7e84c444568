import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type LocalEdge, startLocalEdge } from '../edge/scripts/lib/local-edge.ts';
import { workerConfig } from '../edge/scripts/worker-config.ts';
import { BenchClient } from './edge-client.ts';
import { type BenchRunner, startBenchRunner } from './runner-child.ts';

/** Both workers under `wrangler dev` with a separate state, and runners for them. */
export class BenchSystem {
  readonly client: BenchClient;
  readonly #edge: LocalEdge;
  readonly #folder: string;

  private constructor(edge: LocalEdge, folder: string) {
    this.#edge = edge;
    this.#folder = folder;
    this.client = new BenchClient(edge);
  }

  /**
   * @param folder the folder for the state and the logs.
   * @param bufferMain another entry file for the Consumer Worker.
   */
  static async start(folder: string, bufferMain?: string): Promise<BenchSystem> {
    await mkdir(folder, { recursive: true });
    const env = bufferMain === undefined ? {} : { BUFFER_CONFIG: await bufferConfig(folder, bufferMain) };
    const edge = await startLocalEdge(join(folder, 'state'), {
      output: { file: join(folder, 'edge.log') },
      env,
    });
    return new BenchSystem(edge, folder);
  }

  /**
   * Starts a runner and waits until it claims.
   *
   * @param expect the number of results after which it is done.
   * @param env its settings.
   */
  startRunner(expect: number, env: Record<string, string> = {}): Promise<BenchRunner> {
    return startBenchRunner(this.#folder, expect, { ...this.#edge.env, ...env });
  }

  async stop(): Promise<void> {
    await this.#edge.stop();
  }
}

/** Writes the Consumer Worker's configuration with another entry file into a folder. */
async function bufferConfig(folder: string, main: string): Promise<string> {
  const path = join(folder, 'buffer.json');
  await writeFile(path, JSON.stringify({ ...workerConfig('buffer'), main }));
  return path;
}
