import type { HibernatingSockets } from '../../sockets/wake-sockets.ts';
import type { Ledger } from '../ledger.ts';
import type { Waker } from '../waker.ts';

/** A runner that claims when more than this many others were dismissed is shown once it describes itself again. */
const MAX_DISMISSED = 1000;

/**
 * Notes which runners come and go by their wake sockets. Whoever has a runner's token can open a socket under any
 * name, so no single socket decides: a runner has gone when the last one of its name has closed, and it is there
 * again when it claims.
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
    // A runner that has connected claims at once.
    if (!this.#sockets.isConnected(runner)) this.#waker.forget(runner);
    return this.#sockets.accept(runner);
  }

  /** A socket of any kind has closed. */
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
