import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

type Direction = 'request' | 'answer';

/**
 * A TCP proxy that misbehaves on request. Its own port stays the same. It looks up its target port for each
 * connection.
 */
export class FaultyProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Connections that lost data. The proxy forwards nothing more on them. */
  readonly #torn = new Set<Socket>();
  readonly #swallowing = { request: 0, answer: 0 };
  readonly #delays: number[] = [];
  readonly #stalls = new Set<Promise<void>>();

  /** @param target returns the current target port on loopback. */
  static async listen(target: () => number): Promise<FaultyProxy> {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('The system gave no port');
    return new FaultyProxy(server, address.port, target);
  }

  private constructor(server: Server, port: number, target: () => number) {
    this.port = port;
    this.#server = server;
    server.on('connection', (client) => this.#bridge(client, target()));
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Delays each piece of data by `delayMs`. Stops after `forMs`. */
  async slow(delayMs: number, forMs: number): Promise<void> {
    this.#delays.push(delayMs);
    await sleep(forMs);
    this.#delays.splice(this.#delays.indexOf(delayMs), 1);
  }

  /** Holds back all data for a time, then forwards it. */
  async stall(forMs: number): Promise<void> {
    const stall = sleep(forMs).then(() => {
      this.#stalls.delete(stall);
    });
    this.#stalls.add(stall);
    await stall;
  }

  /** Drops all data in these directions for a time. Then cuts the connections that lost data. */
  async swallow(directions: readonly Direction[], forMs: number): Promise<void> {
    for (const direction of directions) this.#swallowing[direction] += 1;
    await sleep(forMs);
    for (const direction of directions) this.#swallowing[direction] -= 1;
    for (const socket of this.#torn) socket.destroy();
    this.#torn.clear();
  }

  close(): void {
    this.#server.close();
    this.cut();
  }

  #bridge(client: Socket, port: number): void {
    const server = connect(port, '127.0.0.1');
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    void this.#carry(client, server, 'request');
    void this.#carry(server, client, 'answer');
  }

  async #carry(from: Socket, to: Socket, direction: Direction): Promise<void> {
    try {
      for await (const data of from) {
        while (this.#stalls.size > 0) await Promise.all(this.#stalls);
        await sleep(Math.max(0, ...this.#delays));
        if (this.#swallowing[direction] > 0) this.#torn.add(from);
        if (!this.#torn.has(from) && !to.destroyed) to.write(data);
      }
      to.end();
    } catch {
      // The connection was cut.
    }
  }
}
