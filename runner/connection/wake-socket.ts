import type { WebSocket } from 'ws';
import type { RunnerBus } from '../events.ts';

const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 30_000;
/** A socket is dead if it answers no ping before the next one is due. */
const PING_MS = 30_000;
const CLOSE_WITHIN_MS = 1000;

export interface WakeSocketOptions {
  /** Starts a connection. */
  readonly connect: () => WebSocket;
  readonly events: RunnerBus;
  /** Reports why the socket is not open. */
  readonly describe: (reason: string) => Error;
  /** The socket has been opened, for the first time or again. */
  readonly onOpen: () => void;
  /** Work may be ready: a message arrived, or the socket has just been opened. */
  readonly onWake: () => void;
}

/**
 * The socket with which the edge wakes this runner. While it is open, a claim that found too few tasks need not be
 * repeated. If it closes, it opens again after a random delay that grows with each failure, so that runners that
 * lost it together do not reconnect together. Polling continues meanwhile.
 */
export class WakeSocket {
  readonly #options: WakeSocketOptions;
  #socket: WebSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #isOpen = false;
  #stopped = false;

  constructor(options: WakeSocketOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  start(): void {
    const { connect, onOpen, onWake } = this.#options;
    const socket = connect();
    this.#socket = socket;
    let reason = 'the connection was closed';
    let answered = true;
    socket.on('open', () => {
      this.#isOpen = true;
      this.#failures = 0;
      this.#timer = setInterval(() => {
        if (!answered) socket.terminate();
        else socket.ping();
        answered = false;
      }, PING_MS);
      onOpen();
      onWake();
    });
    socket.on('pong', () => {
      answered = true;
    });
    socket.on('message', onWake);
    socket.on('error', (error) => {
      reason = error.message;
    });
    socket.on('close', () => this.#reopen(reason));
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    if (!socket || socket.readyState === socket.CLOSED) return;
    const timer = setTimeout(() => socket.terminate(), CLOSE_WITHIN_MS);
    socket.once('close', () => clearTimeout(timer));
    socket.close();
  }

  #reopen(reason: string): void {
    const { events, describe } = this.#options;
    this.#isOpen = false;
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    if (this.#failures === 0) events.emit('retrying', describe(reason));
    const delay = Math.random() * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#timer = setTimeout(() => this.start(), delay);
  }
}
