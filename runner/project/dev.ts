import { watch } from 'node:fs';
import { extname, join, resolve, sep } from 'node:path';
import type { Argv } from 'yargs';
import { print, printError } from '../../client/cli/output.ts';
import { type LocalEdge, startLocalEdge } from '../../edge/scripts/lib/local-edge.ts';
import { expectTwoPorts, parsePort, portOf } from '../../edge/scripts/lib/ports.ts';
import { startScript } from '../../edge/scripts/lib/script.ts';
import { onStarterEnd } from '../../edge/scripts/lib/starter.ts';
import { taskFiles } from '../catalog/tasks-folder.ts';
import { applyLocally } from './declared-schedules.ts';
import { edgeScript } from './edge-package.ts';
import { Restarts } from './restarts.ts';

const CLI = join(import.meta.dirname, `../cli${extname(import.meta.filename)}`);
/** A change to one of these files restarts the runner. */
const WATCHED = /\.(?:[mc]?[tj]s|json)$/;
const NOT_WATCHED = new Set(['node_modules', '.git', '.state', '.wrangler', 'dist', 'data', 'outbox']);
/** Editors write a file in several steps. */
const SETTLE_MS = 200;
/** Running tasks may take this long to end when the runner restarts. */
const DRAIN_SECONDS = '2';

export function addDev(parser: Argv): Argv {
  return parser.command(
    'dev',
    'Run the workers, the dashboard and a runner on this machine; the runner restarts when your files change',
    (command) =>
      command
        .option('tasks', {
          type: 'string',
          default: 'tasks',
          requiresArg: true,
          describe: 'Folder with your own task types',
        })
        .option('threads', { type: 'string', requiresArg: true, describe: 'Worker threads of the runner' })
        .option('port', {
          type: 'string',
          default: portOf('API_PORT'),
          coerce: (port: string) => parsePort(port, '--port'),
          requiresArg: true,
          describe: 'Port of the API Worker (API_PORT)',
        })
        .option('queue-port', {
          type: 'string',
          default: portOf('BUFFER_PORT'),
          coerce: (port: string) => parsePort(port, '--queue-port'),
          requiresArg: true,
          describe: 'Port of the Consumer Worker (BUFFER_PORT)',
        })
        .option('state', {
          type: 'string',
          default: process.env.STATE_DIR ?? '.state',
          requiresArg: true,
          describe: 'Folder that keeps the tasks (STATE_DIR)',
        }),
    async ({ tasks, threads, port, queuePort, state }) => {
      expectTwoPorts({ api: port, buffer: queuePort }, { api: '--port', buffer: '--queue-port' });
      await taskFiles(resolve(tasks));
      const edge = await startLocalEdge(resolve(state), {
        script: edgeScript('dev'),
        ports: { api: port, buffer: queuePort },
      });
      const args = [
        '--tasks',
        tasks,
        '--drain-timeout',
        DRAIN_SECONDS,
        ...(threads ? ['--threads', threads] : []),
      ];
      process.exitCode = await new DevSystem(edge, args, tasks).run();
    },
  );
}

/** The workers, and the runner that restarts when a file changes. */
class DevSystem {
  readonly #edge: LocalEdge;
  readonly #stopped = Promise.withResolvers<number>();
  readonly #runner: Restarts;
  #isStopping = false;

  /** @param tasks the folder of the task types, whose schedules are set at each start. */
  constructor(edge: LocalEdge, args: readonly string[], tasks: string) {
    this.#edge = edge;
    this.#runner = new Restarts({
      start: async () => {
        await applyLocally(edge.apiUrl, tasks);
        return startScript(CLI, { args, env: edge.env, cwd: process.cwd() });
      },
      // It has printed the reason.
      onFailure: () => printError('The runner ended. It restarts when a file changes.'),
    });
  }

  /** Resolves with an exit code when everything has ended. */
  async run(): Promise<number> {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => this.#stop(0));
    onStarterEnd(() => this.#stop(0));
    void this.#edge.ended.then(() => {
      if (!this.#isStopping) printError('The workers have ended; stopping the runner');
      this.#stop(1);
    });
    this.#runner.restart();
    const watcher = this.#watch();
    const code = await this.#stopped.promise;
    watcher.close();
    await this.#runner.stop();
    await this.#edge.stop();
    return code;
  }

  #stop(code: number): void {
    this.#isStopping = true;
    this.#runner.prepareStop();
    this.#stopped.resolve(code);
  }

  #watch() {
    let timer: NodeJS.Timeout | undefined;
    return watch(process.cwd(), { recursive: true }, (_event, name) => {
      if (name === null || !isWatched(name)) return;
      clearTimeout(timer);
      timer = setTimeout(() => {
        print(`${name} has changed: restarting the runner`);
        this.#runner.restart();
      }, SETTLE_MS);
    });
  }
}

function isWatched(path: string): boolean {
  return WATCHED.test(path) && !path.split(sep).some((part) => NOT_WATCHED.has(part));
}
