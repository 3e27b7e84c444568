import type { RunnerBus } from '../events.ts';
import type { AttemptIds, HeldTask } from '../held-task.ts';
import { NoteBudget, STRAY_LIMITS } from '../threads/note-budget.ts';
import type { ThreadMessage } from '../threads/thread-messages.ts';

/** Publishes the messages of threads, and warns once about each task type that sends other messages. */
export class Relay {
  readonly #events: RunnerBus;
  readonly #warned = new Set<string>();
  readonly #strays = new NoteBudget(STRAY_LIMITS, performance.now());

  constructor(events: RunnerBus) {
    this.#events = events;
  }

  /** @param held the task of the message, if it still runs. */
  relay(message: ThreadMessage, held: HeldTask | undefined): void {
    if (held && message.kind === 'progress') {
      this.#events.emit('progress', { held, value: message.value });
    } else if (held && message.kind === 'log') {
      const { level, details } = message;
      this.#events.emit('log', { held, level, message: message.message, details });
    } else if (message.kind === 'unheard') {
      this.#warn('unheard', held ? [held] : [], (types) => {
        return `${types} posts messages to parentPort, which nobody receives: use progress() and log, and return the result`;
      });
    }
  }

  /**
   * Reports an error in code that a task left behind. The sentence is the runner's, so that a task cannot write a
   * line in its name.
   */
  reportStray(message: string, ids: AttemptIds | undefined): void {
    if (!this.#strays.take(0, performance.now())) return;
    const whose = ids ? `Task ${ids.taskId}` : 'A task';
    this.#events.emit('stray', { sentence: `${whose} left something behind that failed: ${message}`, ids });
  }

  /** A thread has sent a message that the runner's own code never sends. `tasks` run on it. */
  refuse(problem: string, tasks: readonly HeldTask[]): void {
    this.#warn('refused', tasks, (types) => {
      return `${types} runs on a thread that sent an unreadable message to the runner. The message was dropped (${problem})`;
    });
  }

  /** One of these tasks blocks the thread that they share. */
  block(tasks: readonly HeldTask[]): void {
    this.#warn('blocked', tasks, (types) => {
      return `${types} runs on a shared thread that is blocked, so new tasks go to another thread. Work that uses the CPU for long belongs on the cpu lane`;
    });
  }

  /** Warns once for each type, and once for code of unknown type. */
  #warn(about: string, tasks: readonly HeldTask[], sentenceOf: (subject: string) => string): void {
    const subjects = tasks.map(({ entry }) => `The task type "${entry.type}"`);
    for (const subject of subjects.length > 0 ? subjects : ['Code that a task has left behind']) {
      const warning = `${about} ${subject}`;
      if (this.#warned.has(warning)) continue;
      this.#warned.add(warning);
      this.#events.emit('warned', { sentence: sentenceOf(subject), ids: undefined });
    }
  }
}
