import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'jsonc-parser';
import { type LocalEdge, startLocalEdge } from '../runner/local-edge.ts';
import { type Script, startScript } from '../runner/script.ts';
import { BenchClient } from './edge-client.ts';
import type { DoneMessage, RunnerMessage } from './runner-messages.ts';

const TASKS = join(import.meta.dirname, 'tasks');
const BUFFER_CONFIG = join(import.meta.dirname, '../edge/buffer/wrangler.jsonc');

/** A runner under measurement. */
export interface BenchRunner {
  readonly rssMb: number;
  /** Resolves when the expected number of results was accepted. */
  readonly done: Promise<DoneMessage>;
  stop(): Promise<void>;
}

/** Both workers under `wrangler dev` over a state of their own, and runners for them. */
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
   * @param folder holds the state and the logs.
   * @param bufferMain another entry of the Consumer Worker.
   */
  static async start(folder: string, bufferMain?: string): Promise<BenchSystem> {
    await mkdir(folder, { recursive: true });
    const env = bufferMain === undefined ? {} : { BUFFER_CONFIG: await bufferConfig(folder, bufferMain) };
    const edge = await startLocalEdge(join(folder, 'state'), {}, { file: join(folder, 'edge.log') }, env);
    return new BenchSystem(edge, folder);
  }

  /**
   * Starts a runner and waits until it claims.
   *
   * @param expect how many results it is done with.
   * @param env its settings.
   */
  async startRunner(expect: number, env: Record<string, string> = {}): Promise<BenchRunner> {
    const script = await startScript('bench/runner-process.ts', {
      env: { ...this.#edge.env, TASKS_DIR: TASKS, BENCH_EXPECT: String(expect), ...env },
      output: { file: join(this.#folder, 'runner.log') },
    });
    const done = message(script, 'done');
    // Whoever waits for it is told; until then it is nobody's.
    done.catch(() => {});
    const { rssMb } = await message(script, 'ready');
    return {
      rssMb,
      done,
      async stop() {
        if ((await script.stop()) !== 0) throw new Error('The runner failed; see runner.log');
      },
    };
  }

  async stop(): Promise<void> {
    await this.#edge.stop();
  }
}

/** The Consumer Worker's configuration with another entry, written into a folder. */
async function bufferConfig(folder: string, main: string): Promise<string> {
  const config = parse(await readFile(BUFFER_CONFIG, 'utf8'));
  const path = join(folder, 'buffer.json');
  await writeFile(path, JSON.stringify({ ...config, $schema: undefined, main }));
  return path;
}

function message<Kind extends RunnerMessage['kind']>(
  { process: child, ended }: Script,
  kind: Kind,
): Promise<Extract<RunnerMessage, { kind: Kind }>> {
  const heard = new Promise<Extract<RunnerMessage, { kind: Kind }>>((resolve) => {
    child.on('message', (told: RunnerMessage) => {
      if (told.kind === kind) resolve(told as Extract<RunnerMessage, { kind: Kind }>);
    });
  });
  const failed = ended.then((code) => {
    throw new Error(`The runner ended before it was ${kind} (exit code ${code}); see runner.log`);
  });
  return Promise.race([heard, failed]);
}
