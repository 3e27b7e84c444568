import type { Busy } from '../../contract/ledger/tasks.ts';
import { MAX_LIVE_SOCKETS } from '../../contract/limits.ts';
import type { LiveUpdate } from '../../contract/stats.ts';

const LIVE = 'live';
/** A socket also has this tag: the name of the token that opened it. */
const tagOf = (client: string) => `${LIVE}:${client}`;

/** Close code of RFC 6455 for a policy violation. */
const POLICY_VIOLATION = 1008;

/** Changes within this time are sent together. */
const MIN_SPACING_MS = 1000;
const MAX_SPACING_MS = 10_000;

/** Updates take at most 1/SHARE of the ledger's time. */
const SHARE = 20;

/** Maximum number of characters sent at once. Events that have arrived run before the next portion. */
const PORTION_LENGTH = 2_000_000;

/** How long to wait after an update that took `tookMs`. */
export function spacingMs(tookMs: number): number {
  return Math.min(MAX_SPACING_MS, Math.max(MIN_SPACING_MS, SHARE * tookMs));
}

/** The parts of a Durable Object's state that hold its sockets. */
type SocketState = Pick<
  DurableObjectState,
  'acceptWebSocket' | 'getWebSockets' | 'getTags' | 'setWebSocketAutoResponse'
>;

/** `WebSocket.OPEN`. */
const OPEN = 1;

/**
 * The sockets of dashboards. Each gets the queue's state when it opens, and then after changes: at most once per
 * second, and more rarely if an update takes long. While no socket is open, nothing is read.
 */
export class LiveSockets {
  readonly #ctx: SocketState;
  readonly #snapshot: () => Promise<LiveUpdate | Busy>;
  /** The latest update. A socket that opens gets it until the next update is due. */
  #latest: string | undefined;
  /** When the next update is due, in Unix milliseconds. */
  #dueAt = 0;
  /** Whether something may have changed since the latest update. */
  #changed = false;
  #sending = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param snapshot reads the queue's state. */
  constructor(ctx: SocketState, snapshot: () => Promise<LiveUpdate | Busy>) {
    this.#ctx = ctx;
    this.#snapshot = snapshot;
    // The API Worker answers pings. One of an earlier version passes them on, and they must not wake this object.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'));
  }

  /**
   * Opens a socket. Responds with 503 if the maximum number of sockets is open.
   *
   * @param client the name of the token that opens it.
   */
  accept(client: string): Response {
    if (this.#ctx.getWebSockets(LIVE).length >= MAX_LIVE_SOCKETS) return new Response(null, { status: 503 });
    const { 0: theirs, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server, [LIVE, tagOf(client)]);
    if (this.#latest !== undefined && Date.now() < this.#dueAt) server.send(this.#latest);
    this.note();
    return new Response(null, { status: 101, webSocket: theirs });
  }

  /** Closes the sockets of all other clients. */
  keep(clients: ReadonlySet<string>): void {
    const kept = new Set([...clients].map(tagOf));
    for (const socket of this.#ctx.getWebSockets(LIVE)) {
      if (this.#ctx.getTags(socket).some((tag) => kept.has(tag))) continue;
      socket.close(POLICY_VIOLATION, 'The token that opened this socket is no longer configured');
    }
  }

  /** Schedules an update, because something may have changed. */
  note(): void {
    this.#changed = true;
    this.#schedule();
  }

  #schedule(): void {
    if (!this.#changed || this.#sending || this.#timer !== undefined) return;
    if (this.#ctx.getWebSockets(LIVE).length === 0) return;
    this.#timer = setTimeout(() => this.#update(), Math.max(0, this.#dueAt - Date.now()));
  }

  async #update(): Promise<void> {
    this.#timer = undefined;
    this.#sending = true;
    this.#changed = false;
    try {
      const startedAt = Date.now();
      const update = await this.#snapshot();
      if ('busy' in update) this.#changed = true;
      else await this.#send(JSON.stringify(update));
      this.#dueAt = Date.now() + spacingMs(Date.now() - startedAt);
    } finally {
      this.#sending = false;
      this.#schedule();
    }
  }

  async #send(text: string): Promise<void> {
    this.#latest = text;
    this.#dueAt = Date.now() + MIN_SPACING_MS;
    const atOnce = Math.max(1, Math.floor(PORTION_LENGTH / text.length));
    const sockets = this.#ctx.getWebSockets(LIVE);
    while (sockets.length > 0) {
      for (const socket of sockets.splice(0, atOnce)) if (socket.readyState === OPEN) socket.send(text);
      // Other events run, and the clock advances.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
}
