import type { HibernatingSockets } from '../../sockets/wake-sockets.ts';
import type { Ledger } from '../ledger.ts';
import type { Waker } from '../waker.ts';

/** How many dismissed runners are remembered. A forgotten one is shown again when it next describes itself. */
const MAX_DISMISSED = 1000;

/**
 * Tracks by their wake sockets which runners are present. Anybody with a runner token can open a socket under
 * any name, so a single socket does not decide. A runner is gone when the last socket of its name has closed,
 * and it is present again when it claims.
 */
export class RunnerPresence {
  readonly #sockets: HibernatingSockets;
  readonly #waker: Waker;
  readonly #ledger: Ledger;
  readonly #dismissed = new Set<string>();

  constructor(sockets: HibernatingSockets, waker: Waker, ledger: Ledger) {
    this.#sockets = sockets;
    this.#waker = waker;
    this.#ledger = ledger;
  }

  open(runner: string): Response {
    // A runner claims immediately after it has connected.
    if (!this.#sockets.isConnected(runner)) this.#waker.forget(runner);
    return this.#sockets.accept(runner);
  }

  /** Handles a closed socket of any kind. */
  noteClosed(socket: WebSocket): void {
    const runner = this.#sockets.runnerOf(socket);
    if (runner === null || this.#sockets.isConnected(runner)) return;
    this.#waker.forget(runner);
    this.#ledger.dismissRunner(runner);
    if (this.#dismissed.size >= MAX_DISMISSED) this.#dismissed.clear();
    this.#dismissed.add(runner);
  }

  noteClaim(runner: string): void {
    if (this.#dismissed.delete(runner)) this.#ledger.recallRunner(runner);
  }
}
