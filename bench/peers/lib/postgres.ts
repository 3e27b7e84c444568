import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, chown, constants, mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { freePort } from '../../../edge/scripts/lib/local-edge.ts';
import { until } from '../../edge-client.ts';
import { PeerMissing } from '../peer.ts';

const DEBIAN = '/usr/lib/postgresql';
const USER = 'postgres';
const INSTALL = 'install it with `apt-get install postgresql`';
const PASSABLE = 0o001;

/** A separate PostgreSQL server: a new cluster with the configuration of `initdb`, only on loopback. */
export class PostgresServer {
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(port: number, process: ChildProcess) {
    this.port = port;
    this.#process = process;
  }

  /** The superuser's connection string. */
  get url(): string {
    return postgresUrl(this.port);
  }

  /**
   * @param folder the folder for the cluster and the log. PostgreSQL refuses to run as root. In that case the user
   * `postgres` runs it, owns the folder, and gets the permission to pass through the parent folder.
   * @throws {PeerMissing}
   */
  static async start(folder: string): Promise<PostgresServer> {
    const programs = await findPrograms();
    const owner = await findOwner();
    await mkdir(folder, { recursive: true });
    if (owner) {
      await chown(folder, owner.uid, owner.gid);
      const parent = dirname(folder);
      await chmod(parent, (await stat(parent)).mode | PASSABLE);
    }
    const log = await open(join(folder, 'postgres.log'), 'a');
    const options: SpawnOptions = { ...owner, cwd: folder, stdio: ['ignore', log.fd, log.fd] };
    try {
      const data = join(folder, 'data');
      const initdb = spawn(join(programs, 'initdb'), ['-D', data, '-U', USER, '--auth=trust'], options);
      const [code] = await once(initdb, 'exit');
      if (code !== 0) throw new Error(`initdb failed; see ${folder}/postgres.log`);
      const port = await freePort();
      const listen = ['-h', '127.0.0.1', '-p', String(port), '-k', ''];
      const server = spawn(join(programs, 'postgres'), ['-D', data, ...listen], options);
      await untilReady(server, port, folder);
      return new PostgresServer(port, server);
    } finally {
      await log.close();
    }
  }

  /** Stops the server and closes open connections. */
  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGINT');
    await ended;
  }
}

/** The superuser's connection string of the server on a port. */
export function postgresUrl(port: number): string {
  return `postgres://${USER}@127.0.0.1:${port}/${USER}`;
}

/** The folder of the programs: Debian's newest version, which is not on the PATH, or the first on the PATH. */
async function findPrograms(): Promise<string> {
  const versions = (await readdir(DEBIAN).catch(() => [])).map(Number).toSorted((a, b) => b - a);
  const debian = versions.map((version) => join(DEBIAN, String(version), 'bin'));
  for (const folder of [...debian, ...(process.env.PATH ?? '').split(':')]) {
    const found = ['postgres', 'initdb'].map((name) => access(join(folder, name), constants.X_OK));
    if ((await Promise.allSettled(found)).every(({ status }) => status === 'fulfilled')) return folder;
  }
  throw new PeerMissing(`pg-boss and Graphile Worker: there is no PostgreSQL; ${INSTALL}`);
}

/** The user that must run the server; undefined if the user of this process may. */
async function findOwner(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const ask = async (flag: string) => Number((await promisify(execFile)('id', [flag, USER])).stdout);
  try {
    return { uid: await ask('-u'), gid: await ask('-g') };
  } catch {
    throw new PeerMissing(
      `pg-boss and Graphile Worker: PostgreSQL refuses to run as root, and there is no user ${USER}; ${INSTALL}`,
    );
  }
}

async function untilReady(server: ChildProcess, port: number, folder: string): Promise<void> {
  const failed = once(server, 'exit').then(() => {
    throw new Error(`PostgreSQL did not start; see ${folder}/postgres.log`);
  });
  failed.catch(() => {});
  try {
    await Promise.race([failed, until('PostgreSQL', () => accepts(port))]);
  } catch (error) {
    server.kill('SIGKILL');
    throw error;
  }
}

async function accepts(port: number): Promise<boolean> {
  const client = new Client({ connectionString: postgresUrl(port) });
  // `connect` reports the error too.
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}
