import { WAKE_MESSAGE } from '../../contract/buffer.ts';
import { MAX_RUNNER_WAKE_SOCKETS, MAX_WAKE_SOCKETS } from '../../contract/limits.ts';
import { ANY_TYPE, type UnmetDemand } from '../ledger/demand-index.ts';
import type { WakeSockets } from '../ledger/waker.ts';

/** How much a socket can store: Cloudflare's limit minus the names of the fields. */
const MAX_ATTACHED_BYTES = 16_000;

interface Attachment {
  runner: string;
  demands: UnmetDemand[];
}

type WakeSocket = Pick<WebSocket, 'readyState' | 'send' | 'serializeAttachment' | 'deserializeAttachment'>;

/** The part of a Durable Object's state that holds its sockets. */
interface SocketState {
  acceptWebSocket(socket: WebSocket, tags: string[]): void;
  getWebSockets(tag: string): WakeSocket[];
  getTags(socket: WakeSocket): string[];
}

/** `WebSocket.OPEN`. */
const OPEN = 1;

/** The tags of sockets: one for all wake sockets, and one for the wake sockets of each runner. */
const WAKE = 'wake';
const RUNNER = `${WAKE}:`;
const tagOf = (runner: string) => `${RUNNER}${runner}`;

/** The wake sockets of a Durable Object. They store the demands, so that these outlive hibernation. */
export class HibernatingSockets implements WakeSockets {
  readonly #ctx: SocketState;

  constructor(ctx: SocketState) {
    this.#ctx = ctx;
  }

  /**
   * Accepts a runner's socket. An idle socket costs nothing. Each socket of a runner stores the runner's
   * demands, so that they outlive any single socket. Responds with 503 if the maximum number of sockets is open, of
   * all runners or of this one.
   */
  accept(runner: string): Response {
    const own = this.#open(runner);
    const isFull = own.length >= MAX_RUNNER_WAKE_SOCKETS;
    if (isFull || this.#ctx.getWebSockets(WAKE).length >= MAX_WAKE_SOCKETS) {
      return new Response(null, { status: 503 });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    const known: Attachment | null = own[0]?.deserializeAttachment() ?? null;
    this.#ctx.acceptWebSocket(server, [WAKE, tagOf(runner)]);
    attach(server, known ?? { runner, demands: [] });
    return new Response(null, { status: 101, webSocket: client });
  }

  *load(): Generator<Attachment> {
    for (const socket of this.#ctx.getWebSockets(WAKE)) {
      const attachment: Attachment | null = socket.deserializeAttachment();
      if (attachment) yield attachment;
    }
  }

  save(runner: string, demands: readonly UnmetDemand[]): boolean {
    const sockets = this.#open(runner);
    for (const socket of sockets) attach(socket, { runner, demands: demands.map(shortened) });
    return sockets.length > 0;

    /** Each demand gets an equal share of the space. */
    function shortened(demand: UnmetDemand): UnmetDemand {
      const fits = JSON.stringify(demand).length <= MAX_ATTACHED_BYTES / demands.length;
      return fits ? demand : { ...demand, types: ANY_TYPE };
    }
  }

  wake(runner: string): boolean {
    const sockets = this.#open(runner);
    for (const socket of sockets) socket.send(WAKE_MESSAGE);
    return sockets.length > 0;
  }

  isConnected(runner: string): boolean {
    return this.#open(runner).length > 0;
  }

  /** The runners with an open socket. */
  runners(): Set<string> {
    const sockets = this.#ctx.getWebSockets(WAKE);
    return new Set(sockets.flatMap((socket) => this.runnerOf(socket) ?? []));
  }

  /** The runner that a socket wakes; null if it is not a wake socket. */
  runnerOf(socket: WakeSocket): string | null {
    const tag = this.#ctx.getTags(socket).find((one) => one.startsWith(RUNNER));
    return tag === undefined ? null : tag.slice(RUNNER.length);
  }

  #open(runner: string): WakeSocket[] {
    return this.#ctx.getWebSockets(tagOf(runner)).filter(({ readyState }) => readyState === OPEN);
  }
}

function attach(socket: WakeSocket, attachment: Attachment): void {
  socket.serializeAttachment(attachment);
}
