import type { LiveUpdate } from '../../contract/stats.ts';

const LIVE = 'live';
/** A socket has this tag too: its client, by the name of the token that opened it. */
const tagOf = (client: string) => `${LIVE}:${client}`;

/** Of RFC 6455: the socket is against a policy. */
const POLICY_VIOLATION = 1008;

/** Changes within this time are sent together. */
const MIN_SPACING_MS = 1000;
const MAX_SPACING_MS = 10_000;

/** Updates take at most this share of the ledger's time: one part of 20. */
const SHARE = 20;
const ROWS_PER_MS = 1000;

/** How long to wait after an update that read this many rows. A worker's clock stops while it computes. */
export function spacingMs(rowsRead: number): number {
  return Math.min(MAX_SPACING_MS, Math.max(MIN_SPACING_MS, (SHARE * rowsRead) / ROWS_PER_MS));
}

/** The parts of a Durable Object's state that hold its sockets. */
type SocketState = Pick<
  DurableObjectState,
  'acceptWebSocket' | 'getWebSockets' | 'getTags' | 'setWebSocketAutoResponse'
>;

/** What the sockets send. */
export interface LiveSource {
  snapshot(): LiveUpdate;
  /** How many rows the ledger has read since it started. */
  rowsRead(): number;
}

/**
 * The sockets of dashboards. Each gets the queue's state when it opens, and then after changes: once a second at
 * most, and more rarely if the state is costly to read. While none is open, nothing is read.
 */
export class LiveSockets {
  readonly #ctx: SocketState;
  readonly #source: LiveSource;
  #notBefore = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ctx: SocketState, source: LiveSource) {
    this.#ctx = ctx;
    this.#source = source;
    // Answered without waking this object; by it a browser knows that its socket is alive.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'));
  }

  /** @param client the name of the token that opens it. */
  accept(client: string): Response {
    const { 0: theirs, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server, [LIVE, tagOf(client)]);
    server.send(JSON.stringify(this.#source.snapshot()));
    return new Response(null, { status: 101, webSocket: theirs });
  }

  /** Ends the sockets of all clients but these. */
  keep(clients: ReadonlySet<string>): void {
    const kept = new Set([...clients].map(tagOf));
    for (const socket of this.#ctx.getWebSockets(LIVE)) {
      if (this.#ctx.getTags(socket).some((tag) => kept.has(tag))) continue;
      socket.close(POLICY_VIOLATION, 'The token that opened this socket is not configured any more');
    }
  }

  /** Something may have changed. */
  note(): void {
    if (this.#timer !== undefined || this.#ctx.getWebSockets(LIVE).length === 0) return;
    this.#timer = setTimeout(() => this.#send(), Math.max(0, this.#notBefore - Date.now()));
  }

  #send(): void {
    this.#timer = undefined;
    const before = this.#source.rowsRead();
    const update = JSON.stringify(this.#source.snapshot());
    this.#notBefore = Date.now() + spacingMs(this.#source.rowsRead() - before);
    for (const socket of this.#ctx.getWebSockets(LIVE)) socket.send(update);
  }
}
