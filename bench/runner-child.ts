import { join } from 'node:path';
import { type Script, startScript } from '../edge/scripts/lib/script.ts';
import type { DoneMessage, RunnerMessage } from './runner-messages.ts';

const TASKS = join(import.meta.dirname, 'tasks');

/** A runner under measurement. */
export interface BenchRunner {
  /** What its process took when it began to claim. */
  readonly rssMb: number;
  /** Resolves when the expected number of results was accepted. */
  readonly done: Promise<DoneMessage>;
  stop(): Promise<void>;
}

/**
 * Starts a runner of the benchmarks' task types and waits until it claims.
 *
 * @param folder holds its log.
 * @param expect how many results it is done with.
 * @param env where the workers are, and other settings.
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
  // Whoever waits for it is told; until then it is nobody's.
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
  const isOfKind = (told: RunnerMessage): told is Extract<RunnerMessage, { kind: Kind }> =>
    told.kind === kind;
  const heard = new Promise<Extract<RunnerMessage, { kind: Kind }>>((resolve) => {
    child.on('message', (told: RunnerMessage) => {
      if (isOfKind(told)) resolve(told);
    });
  });
  const failed = ended.then((code) => {
    throw new Error(`The runner ended before it was ${kind} (exit code ${code}); see runner.log`);
  });
  return Promise.race([heard, failed]);
}
