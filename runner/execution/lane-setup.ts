import type { TaskEntry } from '../catalog/catalog.ts';
import type { RunnerBus } from '../events.ts';
import type { MemoryWatch } from './memory-watch.ts';

/** The settings of a lane's types and threads. */
export interface LaneSetup {
  readonly types: readonly TaskEntry[];
  readonly threads: number;
  readonly tasksPerThread: number;
  /** The folder that tasks read their files from, an absolute path. */
  readonly dataDir: string;
  /** The runner's environment, from which tasks get the variables that their types name. */
  readonly env: NodeJS.ProcessEnv;
  readonly events: RunnerBus;
  /** Watches the memory of the threads of all lanes. */
  readonly memory: MemoryWatch;
}
