import { type Script, startScript } from '../../../edge/scripts/lib/script.ts';
import { type WorkerArguments, WorkerMessage } from './worker-messages.ts';

type Done = Extract<WorkerMessage, { kind: 'done' }>;

/** A worker that was not stopped within this time is stuck, and is killed. */
const LIFE_MS = 120_000;

export interface WorkerProcessOptions extends WorkerArguments {
  /** The file for its output. */
  readonly log: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** A peer's worker in a separate process. */
export class WorkerProcess {
  /** Resolves when every job has run. Rejects if the process ends before. */
  readonly done: Promise<Done>;
  readonly #script: Script;

  private constructor(script: Script, done: Promise<Done>) {
    this.#script = script;
    this.done = done;
    // Prevents an unhandled rejection while nobody waits for the promise.
    done.catch(() => {});
  }

  /**
   * Starts the process, and resolves when the worker waits for jobs.
   *
   * @param path the path of its script, relative to the package's root.
   */
  static async start(path: string, options: WorkerProcessOptions): Promise<WorkerProcess> {
    const { port, queue, expect, log, env = {} } = options;
    const args = [String(port), queue, String(expect)];
    const script = await startScript(path, { args, env, output: { file: log } });
    const ready = Promise.withResolvers<void>();
    const done = Promise.withResolvers<Done>();
    const killer = setTimeout(() => script.stop('SIGKILL'), LIFE_MS);
    script.process.on('message', (data) => {
      const message = WorkerMessage.parse(data);
      if (message.kind === 'done') done.resolve(message);
      else ready.resolve();
    });
    void script.ended.then((code) => {
      clearTimeout(killer);
      const error = new Error(`${path} ended before its jobs did (exit code ${code}); see ${log}`);
      ready.reject(error);
      done.reject(error);
    });
    const worker = new WorkerProcess(script, done.promise);
    await ready.promise;
    return worker;
  }

  async stop(): Promise<void> {
    await this.#script.stop();
  }
}
