import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Script, startScript } from '../../edge/scripts/lib/script.ts';
import { type Run, readRuns } from './run-log.ts';
import { RUN_LOG } from './step.ts';

export interface RunnerProcessOptions {
  readonly name: string;
  /** The parent of the runner's own folder, which contains its log and the runs of its tasks. */
  readonly folder: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** One process of the runner. */
export interface Life {
  readonly pid: number;
  /** Unix milliseconds. */
  endedAt?: number;
}

/** A runner with the task types of the proofs. It can be stopped or killed, and started again. */
export class RunnerProcess {
  readonly name: string;
  readonly lives: Life[] = [];
  /** A sentence for each end that was not requested or had a wrong exit code. */
  readonly surprises: string[] = [];
  readonly #options: RunnerProcessOptions;
  readonly #dataDir: string;
  #script: Script | undefined;

  constructor(options: RunnerProcessOptions) {
    this.name = options.name;
    this.#options = options;
    this.#dataDir = join(options.folder, options.name);
  }

  async start(): Promise<void> {
    await mkdir(this.#dataDir, { recursive: true });
    const script = await startScript('runner/cli.ts', {
      args: [
        ...this.#options.args,
        '--tasks',
        join(import.meta.dirname, 'tasks'),
        '--data-dir',
        this.#dataDir,
      ],
      env: this.#options.env,
      output: { file: join(this.#dataDir, 'runner.log') },
    });
    this.#script = script;
    const life: Life = { pid: script.process.pid ?? 0 };
    this.lives.push(life);
    void script.ended.then((code) => {
      life.endedAt = Date.now();
      if (this.#script !== script) return;
      this.#script = undefined;
      this.surprises.push(`The runner ${this.name} ended unexpectedly with exit code ${code}`);
    });
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Waits for the runner's drain. */
  async stop(): Promise<void> {
    const code = await this.#end('SIGTERM');
    // The code is null if the signal came before the runner listened to signals.
    if (code) this.surprises.push(`The runner ${this.name} ended with exit code ${code} when it was stopped`);
  }

  runs(): Promise<Run[]> {
    return readRuns(join(this.#dataDir, RUN_LOG));
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const script = this.#script;
    this.#script = undefined;
    return script ? script.stop(signal) : null;
  }
}
