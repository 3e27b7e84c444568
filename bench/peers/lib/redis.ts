import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { freePort } from '../../../edge/scripts/lib/local-edge.ts';
import { until } from '../../edge-client.ts';
import { PeerMissing } from '../peer.ts';

/** A separate Redis server, with the default persistence of Debian's package. */
export class RedisServer {
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(port: number, process: ChildProcess) {
    this.port = port;
    this.#process = process;
  }

  /** @throws {PeerMissing} */
  static async start(folder: string): Promise<RedisServer> {
    await mkdir(folder, { recursive: true });
    const port = await freePort();
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
    const child = spawn('redis-server', args, { stdio: 'ignore' });
    const missing = once(child, 'error').then(() => {
      throw new PeerMissing(
        'BullMQ: there is no redis-server; install it with `apt-get install redis-server`',
      );
    });
    missing.catch(() => {});
    await Promise.race([missing, until('Redis', () => accepts(port))]);
    return new RedisServer(port, child);
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
