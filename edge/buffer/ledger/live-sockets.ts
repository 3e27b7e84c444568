import type { LiveUpdate } from '../../contract/stats.ts';

const LIVE = 'live';

/** What changes within this time is told together. */
const SPACING_MS = 1000;

/**
 * The sockets of dashboards. Each is told how the queue stands when it opens, and then when something has
 * changed, once a second at most, however much changes. While nobody looks, nothing is looked up.
 */
export class LiveSockets {
  readonly #ctx: DurableObjectState;
  readonly #look: () => LiveUpdate;
  #toldAt = 0;
  #telling: ReturnType<typeof setTimeout> | undefined;

  /** @param look how the queue stands now. */
  constructor(ctx: DurableObjectState, look: () => LiveUpdate) {
    this.#ctx = ctx;
    this.#look = look;
    // Answered without waking this object; by it a browser knows that its socket is alive.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'));
  }

  accept(): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server, [LIVE]);
    server.send(JSON.stringify(this.#look()));
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Something may have changed. */
  note(): void {
    if (this.#telling !== undefined || this.#ctx.getWebSockets(LIVE).length === 0) return;
    const wait = Math.max(0, this.#toldAt + SPACING_MS - Date.now());
    this.#telling = setTimeout(() => this.#tell(), wait);
  }

  #tell(): void {
    this.#telling = undefined;
    this.#toldAt = Date.now();
    const update = JSON.stringify(this.#look());
    for (const socket of this.#ctx.getWebSockets(LIVE)) socket.send(update);
  }
}
