import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import type { ChildMessage } from '../thread-messages.ts';
import type { StartedChild } from '../thread-protocol.ts';
import { childrenOf, endChild } from './os-process.ts';

/** How long a thread may take to reap its child processes before it is ended; longer if it has many. */
const REAP_MS = 100;
const MAX_REAP_MS = 1000;
/** The interval at which a thread that is being ended is checked. */
const CHECK_MS = 10;
/** The maximum number of recorded child processes of a thread: each must be checked, and may be forged. */
const MAX_RECORDED = 256;
/** The maximum number of child processes that one pass checks, so that it does not keep the main thread busy. */
const PORTION = 64;

/**
 * The child processes of a thread, which end with it. The thread's notes report asynchronous child processes. A
 * process that blocks the thread is found on Linux only. On other systems the thread ends after it.
 */
export class ThreadChildren {
  /** The id that Linux gives to the thread, if it is known. */
  osThread: number | undefined;
  /** In the order of their last check, oldest first. */
  readonly #recorded = new Map<number, StartedChild>();
  /** The position in the system's list where the next pass begins. */
  #next = 0;

  /** Handles a note of the thread. Task code may have forged it. */
  take(note: ChildMessage): void {
    if (note.kind === 'child-ended') this.#recorded.delete(note.pid);
    else if (this.#recorded.size < MAX_RECORDED) this.#recorded.set(note.pid, note);
  }

  /** Kills some of the running child processes, in turn. Returns how many there were. */
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

  /** Kills the child processes that an exited thread has left, over several turns of the event loop. */
  async endRest(): Promise<void> {
    for (let left = this.#recorded.size; left > 0; left -= PORTION) {
      this.end();
      await nextTurn();
    }
  }

  /** Ends the thread and its child processes. Resolves when the thread has exited. */
  async terminate(worker: Worker): Promise<void> {
    // Only a running thread can reap its child processes. A blocked thread leaves them as zombies.
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
    // The thread may have started another process, and cannot end while that process blocks it.
    while (!exited) {
      this.end();
      await Promise.race([exit, sleep(CHECK_MS)]);
    }
    await exit;
  }
}
