import { join } from 'node:path';
import { type Script, startScript } from '../edge/scripts/lib/script.ts';
import type { DoneMessage, RunnerMessage } from './runner-messages.ts';

const TASKS = join(import.meta.dirname, 'tasks');

/** A runner that is measured. */
export interface BenchRunner {
  /** The memory of its process when it began to claim. */
  readonly rssMb: number;
  /** Resolves when the edge has accepted the expected number of results. */
  readonly done: Promise<DoneMessage>;
  stop(): Promise<void>;
}

/**
 * Starts a runner of the benchmarks' task types and waits until it claims.
 *
 * @param folder the folder for its log.
 * @param expect the number of results after which it is done.
 * @param env the URLs of the workers, and other settings.
 */
export async function startBenchRunner(
  folder: string,
  expect: number,
  env: Record<string, string>,
): Promise<BenchRunner> {
  const script = await startScript('bench/runner-process.ts', {
    env: { TASKS_DIR: TASKS, BENCH_EXPECT: String(expect), ...env },
    output: { file: join(folder, 'runner.log') },
  });
  const done = message(script, 'done');
  // Prevents an unhandled rejection while nobody waits for the promise.
  done.catch(() => {});
  const { rssMb } = await message(script, 'ready');
  return {
    rssMb,
    done,
    async stop() {
      if ((await script.stop()) !== 0) throw new Error(`The runner failed; see ${folder}/runner.log`);
    },
  };
}

function message<Kind extends RunnerMessage['kind']>(
  { process: child, ended }: Script,
  kind: Kind,
): Promise<Extract<RunnerMessage, { kind: Kind }>> {
  const isOfKind = (data: RunnerMessage): data is Extract<RunnerMessage, { kind: Kind }> =>
    data.kind === kind;
  const received = new Promise<Extract<RunnerMessage, { kind: Kind }>>((resolve) => {
    child.on('message', (data: RunnerMessage) => {
      if (isOfKind(data)) resolve(data);
    });
  });
  const failed = ended.then((code) => {
    throw new Error(`The runner ended before it was ${kind} (exit code ${code}); see runner.log`);
  });
  return Promise.race([received, failed]);
}
