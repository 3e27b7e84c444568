import type { TaskThread } from './task-thread.ts';
import type { ThreadMessage } from './thread-messages.ts';

export interface TaskThreadOptions {
  readonly tasksPerThread: number;
  /** The environment of the thread; it is open to every task. */
  readonly env: NodeJS.ProcessEnv;
  /** The maximum JavaScript heap of the thread, in MB. */
  readonly heapMb: number | undefined;
  readonly onMessage: (message: ThreadMessage, thread: TaskThread) => void;
  /** Task code has sent a message that the runner's own code never sends. `problem` describes the fault. */
  readonly onBadMessage: (problem: string, thread: TaskThread) => void;
  /** The thread ran no task and ended by an error in code that a task left behind. */
  readonly onStrayError: (error: Error) => void;
  /** The thread is set aside or ended, and gets no more jobs. */
  readonly onLeaving: (thread: TaskThread) => void;
  readonly onExit: (thread: TaskThread) => void;
}
