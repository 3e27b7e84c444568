import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../edge/scripts/lib/local-edge.ts';
import { killGroups } from '../../edge/scripts/lib/process-table.ts';
import { type Script, startScript } from '../../edge/scripts/lib/script.ts';
import { timedFetch } from './timed-fetch.ts';

const STARTS = 3;
const SWEEP_TIMEOUT_MS = 10_000;

/** Runs both workers with `edge/scripts/dev.ts`. They can be killed and started again with the same state. */
export class EdgeProcess {
  readonly #folder: string;
  readonly #sweepAfterSeconds: number;
  #script: Script | undefined;
  #ports = { api: 0, buffer: 0 };

  /** @param folder contains the state and the log. */
  constructor(folder: string, sweepAfterSeconds: number) {
    this.#folder = folder;
    this.#sweepAfterSeconds = sweepAfterSeconds;
  }

  /** The ports of the latest start. Each start takes new ports. */
  get ports(): { readonly api: number; readonly buffer: number } {
    return this.#ports;
  }

  get apiUrl(): string {
    return `http://127.0.0.1:${this.#ports.api}`;
  }

  /** Starts both workers and waits until they answer. */
  async start(): Promise<void> {
    for (let left = STARTS - 1; ; left -= 1) {
      try {
        this.#script = await this.#launch();
        return;
      } catch (error) {
        if (left === 0) throw error;
      }
    }
  }

  /** Ends both workers at once, as a power cut would. */
  async kill(): Promise<void> {
    const script = this.#script;
    this.#script = undefined;
    if (!script) return;
    // This kills the script and all processes that it started.
    const { pid } = script.process;
    if (pid !== undefined) await killGroups([pid]);
    await script.ended;
  }

  async stop(): Promise<void> {
    await this.#script?.stop();
    this.#script = undefined;
  }

  /** Runs a sweep, which delivers tasks that the queue has lost. Does nothing if the workers are down. */
  async sweep(): Promise<void> {
    try {
      await timedFetch(`${this.apiUrl}/cdn-cgi/handler/scheduled`, SWEEP_TIMEOUT_MS);
    } catch {
      // The next sweep delivers them.
    }
  }

  async #launch(): Promise<Script> {
    const ports = { api: await freePort(), buffer: await freePort() };
    // Files that killed workers leave behind stay in the folder too.
    const temporary = join(this.#folder, 'tmp');
    mkdirSync(temporary, { recursive: true });
    const script = await startScript('edge/scripts/dev.ts', {
      env: {
        API_PORT: String(ports.api),
        BUFFER_PORT: String(ports.buffer),
        STATE_DIR: join(this.#folder, 'state'),
        TMPDIR: temporary,
        // With this setting, Wrangler passes its environment variables to the workers.
        CLOUDFLARE_INCLUDE_PROCESS_ENV: 'true',
        SWEEP_AFTER_SECONDS: String(this.#sweepAfterSeconds),
      },
      readyLine: /^Edge ready/,
      output: { file: join(this.#folder, 'edge.log') },
    });
    this.#ports = ports;
    return script;
  }
}
