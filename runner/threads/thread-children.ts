import { setTimeout as sleep } from 'node:timers/promises';
import { BroadcastChannel, type Worker } from 'node:worker_threads';
import { z } from 'zod';
import { childrenOf, endProcess, statOf } from './os-process.ts';

/** How long a thread that is about to be ended may take to reap its children. */
const REAP_MS = 100;
/** How often a thread that is being ended is looked at. */
const CHECK_MS = 10;
/** How long the notes of a thread that has exited may be under way. */
const LATE_NOTES_MS = 1000;
/** Further children of one thread are not recorded. */
const MAX_RECORDED = 10_000;

const Child = z.object({
  pid: z.int().min(2),
  /** When it started, as Linux says; undefined on other systems. */
  startedAt: z.string().optional(),
  /** It leads a process group. */
  isLeader: z.boolean(),
});
type Child = z.output<typeof Child>;

/** What a thread reports: once its id at the operating system, then each child that it starts or reaps. */
const ChildNote = z.object({
  thread: z.int(),
  osThread: z.int().positive().optional(),
  started: Child.optional(),
  ended: z.int().optional(),
});
export type ChildNote = z.input<typeof ChildNote>;

/** A thread, and its children that run beside it. */
interface Thread {
  readonly osThread: number | undefined;
  readonly children: Map<number, Child>;
}

/**
 * The child processes of a pool's threads, which end with their thread. Children that run beside their thread
 * are known from its notes. One that blocks its thread is found on Linux alone; elsewhere the thread ends after it.
 */
export class ThreadChildren {
  readonly #notes: BroadcastChannel;
  readonly #workers: () => readonly Worker[];
  readonly #threads = new Map<number, Thread>();
  readonly #endings = new WeakMap<Worker, Promise<void>>();

  /** @param workers the threads of the pool that run now. */
  constructor(channel: string, workers: () => readonly Worker[]) {
    this.#workers = workers;
    this.#notes = new BroadcastChannel(channel);
    this.#notes.unref();
    this.#notes.onmessage = ({ data }: { data: unknown }) => this.#take(data);
  }

  /** Ends a thread and its children, and resolves when the thread has exited. */
  terminate(worker: Worker): Promise<void> {
    const ending = this.#endings.get(worker) ?? this.#terminate(worker);
    this.#endings.set(worker, ending);
    return ending;
  }

  /** Takes the notes that are still under way, and no more. */
  close(): void {
    setTimeout(() => this.#notes.close(), LATE_NOTES_MS).unref();
  }

  async #terminate(worker: Worker): Promise<void> {
    const thread = this.#threads.get(worker.threadId);
    // Only a thread that runs can reap its children; one that never does leaves them as zombies.
    for (let waited = 0; this.#endChildren(thread) > 0 && waited < REAP_MS; waited += CHECK_MS) {
      await sleep(CHECK_MS);
    }
    let exited = false;
    const exit = worker.terminate().finally(() => {
      exited = true;
    });
    // It may have started another child, and cannot end while that one blocks it.
    while (!exited) {
      this.#endChildren(thread);
      await Promise.race([exit, sleep(CHECK_MS)]);
    }
    await exit;
  }

  /** Kills what runs of a thread's children, and says how many there were. */
  #endChildren(thread: Thread | undefined): number {
    if (!thread) return 0;
    const listed = thread.osThread === undefined ? [] : childrenOf(thread.osThread);
    for (const pid of listed) endProcess(pid, statOf(pid)?.group === pid);
    for (const child of thread.children.values()) {
      if (!listed.includes(child.pid)) end(child);
    }
    return listed.length + thread.children.size;
  }

  #take(data: unknown): void {
    const note = ChildNote.safeParse(data);
    if (!note.success) return;
    const { thread: id, osThread, started, ended } = note.data;
    const thread = this.#threads.get(id) ?? this.#open(id, osThread);
    if (ended !== undefined) thread?.children.delete(ended);
    if (!started) return;
    // The note of a thread that has exited may come after its exit.
    if (!thread) end(started);
    else if (thread.children.size < MAX_RECORDED) thread.children.set(started.pid, started);
  }

  #open(id: number, osThread: number | undefined): Thread | undefined {
    const worker = this.#workers().find(({ threadId }) => threadId === id);
    if (!worker) return undefined;
    const thread = { osThread, children: new Map<number, Child>() };
    this.#threads.set(id, thread);
    worker.once('exit', () => {
      this.#threads.delete(id);
      for (const child of thread.children.values()) end(child);
    });
    return thread;
  }
}

/** Ends a child unless, as far as the system can say, its id has gone to another process since. */
function end({ pid, startedAt, isLeader }: Child): void {
  const stat = startedAt === undefined ? undefined : statOf(pid);
  const isOurs = startedAt === undefined || (stat?.parent === process.pid && stat.startedAt === startedAt);
  if (isOurs) endProcess(pid, isLeader);
}
