import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import type { ChildMessage } from '../thread-messages.ts';
import type { StartedChild } from '../thread-protocol.ts';
import { childrenOf, endChild } from './os-process.ts';

/** How long a thread that is about to be ended may take to reap its children: longer where it has many. */
const REAP_MS = 100;
const MAX_REAP_MS = 1000;
/** How often a thread that is being ended is looked at. */
const CHECK_MS = 10;
/** Further children of one thread are not recorded: each costs the main thread a look, and may be forged. */
const MAX_RECORDED = 256;
/** A pass looks at no more children than these, or the main thread would be busy with one thread. */
const PORTION = 64;

/**
 * The child processes of a thread, which end with it. Children that run beside the thread are known from its
 * notes. One that blocks it is found on Linux alone; elsewhere the thread ends after it.
 */
export class ThreadChildren {
  /** The id that Linux gives to the thread, if it is known. */
  osThread: number | undefined;
  /** Those that were looked at last are at the end. */
  readonly #recorded = new Map<number, StartedChild>();
  /** Where the next pass begins in the system's list. */
  #next = 0;

  /** Takes a note of the thread. Task code may have forged it. */
  take(note: ChildMessage): void {
    if (note.kind === 'child-ended') this.#recorded.delete(note.pid);
    else if (this.#recorded.size < MAX_RECORDED) this.#recorded.set(note.pid, note);
  }

  /** Kills some of what runs, each in its turn, and says how many there were. */
  end(): number {
    const listed = this.osThread === undefined ? [] : childrenOf(this.osThread);
    if (this.#next >= listed.length) this.#next = 0;
    for (const pid of listed.slice(this.#next, this.#next + PORTION)) endChild({ pid });
    this.#next += PORTION;
    const known = new Set(listed);
    for (const child of [...this.#recorded.values()].slice(0, PORTION)) {
      this.#recorded.delete(child.pid);
      if (known.has(child.pid) || endChild(child)) this.#recorded.set(child.pid, child);
    }
    return listed.length + this.#recorded.size;
  }

  /** Kills what a thread that has exited has left, over some turns of the event loop. */
  async endRest(): Promise<void> {
    for (let left = this.#recorded.size; left > 0; left -= PORTION) {
      this.end();
      await nextTurn();
    }
  }

  /** Ends the thread and its children, and resolves when the thread has exited. */
  async terminate(worker: Worker): Promise<void> {
    // Only a thread that runs can reap its children; one that never does leaves them as zombies.
    let left = this.end();
    const reapMs = Math.min(REAP_MS + CHECK_MS * (left / PORTION), MAX_REAP_MS);
    for (let waited = 0; left > 0 && waited < reapMs; waited += CHECK_MS) {
      await sleep(CHECK_MS);
      left = this.end();
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
