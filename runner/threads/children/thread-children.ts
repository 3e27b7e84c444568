import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import type { ChildMessage } from '../thread-messages.ts';
import type { StartedChild } from '../thread-protocol.ts';
import { childrenOf, endChild } from './os-process.ts';

/** How long a thread that is about to be ended may take to reap its children. */
const REAP_MS = 100;
/** How often a thread that is being ended is looked at. */
const CHECK_MS = 10;
/** Further children of one thread are not recorded. */
const MAX_RECORDED = 10_000;

/**
 * The child processes of a thread, which end with it. Children that run beside the thread are known from its
 * notes. One that blocks it is found on Linux alone; elsewhere the thread ends after it.
 */
export class ThreadChildren {
  /** The id that Linux gives to the thread, if it is known. */
  osThread: number | undefined;
  readonly #recorded = new Map<number, StartedChild>();

  /** Takes a note of the thread. Task code may have forged it. */
  take(note: ChildMessage): void {
    if (note.kind === 'child-ended') this.#recorded.delete(note.pid);
    else if (this.#recorded.size < MAX_RECORDED) this.#recorded.set(note.pid, note);
  }

  /** Kills what runs, and says how many there were. */
  end(): number {
    const listed = this.osThread === undefined ? [] : childrenOf(this.osThread);
    for (const pid of listed) endChild({ pid });
    for (const child of this.#recorded.values()) {
      if (!listed.includes(child.pid)) endChild(child);
    }
    return listed.length + this.#recorded.size;
  }

  /** Ends the thread and its children, and resolves when the thread has exited. */
  async terminate(worker: Worker): Promise<void> {
    // Only a thread that runs can reap its children; one that never does leaves them as zombies.
    for (let waited = 0; this.end() > 0 && waited < REAP_MS; waited += CHECK_MS) {
      await sleep(CHECK_MS);
    }
    let exited = false;
    const exit = worker.terminate().finally(() => {
      exited = true;
    });
    // It may have started another child, and cannot end while that one blocks it.
    while (!exited) {
      this.end();
      await Promise.race([exit, sleep(CHECK_MS)]);
    }
    await exit;
  }
}
