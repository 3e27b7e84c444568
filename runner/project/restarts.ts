import type { Script } from '../../edge/scripts/lib/script.ts';

type Process = Pick<Script, 'ended' | 'stop' | 'stopSoon'>;

export interface RestartsOptions {
  readonly start: () => Promise<Process>;
  /** The process ended with an error, and not because of a restart or a stop. */
  readonly onFailure: () => void;
}

/** A process that can be restarted at any time. Its starts and stops happen one after another. */
export class Restarts {
  readonly #options: RestartsOptions;
  /** The process that should run; undefined while it is being replaced. */
  #current: Process | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isStopping = false;

  constructor(options: RestartsOptions) {
    this.#options = options;
  }

  /** Starts the process, after the former one has ended. */
  restart(): void {
    this.#turn = this.#turn.then(async () => {
      const former = this.#current;
      this.#current = undefined;
      await former?.stop();
      if (this.#isStopping) return;
      const started = await this.#options.start();
      this.#current = started;
      void started.ended.then((code) => {
        if (this.#current === started && code !== 0 && !this.#isStopping) this.#options.onFailure();
      });
    });
  }

  /** No start and no failure follows. */
  prepareStop(): void {
    this.#isStopping = true;
  }

  /** Resolves when the process has ended. */
  async stop(): Promise<void> {
    this.prepareStop();
    await this.#turn;
    await this.#current?.stopSoon();
  }
}
