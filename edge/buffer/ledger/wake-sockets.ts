import { WAKE_MESSAGE } from '../../contract/buffer.ts';
import { ANY_TYPE, type Hunger, type Listener } from './waker.ts';

/** What a socket can keep, by Cloudflare's limit, but for the names of the fields. */
const MAX_ATTACHED_BYTES = 16_000;

/** A wake socket of a Durable Object; what its runner lacks is kept with it, also while the object hibernates. */
class SocketListener implements Listener {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  get runner(): string {
    return this.#attached().runner;
  }

  get hunger(): Hunger | null {
    return this.#attached().hunger;
  }

  set hunger(hunger: Hunger | null) {
    if (hunger === null && this.hunger === null) return;
    const tooLarge = JSON.stringify(hunger).length > MAX_ATTACHED_BYTES;
    const kept = hunger && tooLarge ? { ...hunger, types: ANY_TYPE } : hunger;
    this.#socket.serializeAttachment({ runner: this.runner, hunger: kept });
  }

  wake(): void {
    this.#socket.send(WAKE_MESSAGE);
  }

  #attached(): { runner: string; hunger: Hunger | null } {
    return this.#socket.deserializeAttachment();
  }
}

/** Sockets of one kind, and those of one runner, are found by their tags. */
const WAKE = 'wake';
const tagOf = (runner: string) => `${WAKE}:${runner}`;

/** The open wake sockets, of all runners or of one. */
export function wakeSockets(ctx: DurableObjectState, runner?: string): Listener[] {
  const tag = runner === undefined ? WAKE : tagOf(runner);
  return ctx.getWebSockets(tag).map((socket) => new SocketListener(socket));
}

/** The runner that a socket wakes; null where it is a socket of another kind. */
export function runnerOf(ctx: DurableObjectState, socket: WebSocket): string | null {
  return ctx.getTags(socket).includes(WAKE) ? new SocketListener(socket).runner : null;
}

/** Accepts a runner's wake socket; it costs nothing while it is silent. */
export function acceptWakeSocket(ctx: DurableObjectState, runner: string): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  ctx.acceptWebSocket(server, [WAKE, tagOf(runner)]);
  server.serializeAttachment({ runner, hunger: null });
  return new Response(null, { status: 101, webSocket: client });
}
