import { createRequire } from 'node:module';
import { MessagePort, parentPort } from 'node:worker_threads';
import { type FromThread, NOTE_WINDOW, type Setup, type ToThread } from './thread-protocol.ts';

// Kept from before any task module is loaded: what tasks replace later changes nothing here.
const { load, wait } = Atomics;

/** The main thread receives notes within this time, in milliseconds; else they are dropped. */
const MAX_WAIT_MS = 1000;

/** How a thread talks with the main thread. */
export interface ThreadPort {
  /** Sends what the main thread waits for. */
  post(message: FromThread): void;
  /** Sends a note; false if the main thread does not receive them. */
  note(message: FromThread): boolean;
}

/**
 * Opens the port that nothing of a task's can reach; it has no prototype that a task could change. At most
 * {@link NOTE_WINDOW} notes are on their way: a task that writes more of them is as slow as the main thread.
 */
export function openThreadPort(
  { port, received }: Setup,
  onAbort: (jobId: number, reason: string) => void,
): ThreadPort {
  const post: MessagePort['postMessage'] = port.postMessage.bind(port);
  let sent = 0;
  port.on('message', (message: ToThread) => {
    if ('ping' in message) post({ kind: 'pong' });
    else onAbort(message.jobId, message.reason);
  });
  // Else `process` would list it, and it would keep the thread alive.
  port.unref();
  seal(port);
  const note = (message: FromThread): boolean => {
    for (;;) {
      const seen = load(received, 0);
      if (((sent - seen) | 0) < NOTE_WINDOW) break;
      if (wait(received, 0, seen, MAX_WAIT_MS) === 'timed-out') return false;
    }
    sent = (sent + 1) | 0;
    post(message);
    return true;
  };
  return Object.freeze({ post: (message: FromThread) => post(message), note });
}

/**
 * Takes from tasks the ports through which piscina and Node talk. What a task posts through its thread's public
 * port reaches nobody.
 *
 * @param onPost is called when a task tries to.
 */
export function closePublicPort(onPost: () => void): void {
  if (!parentPort) return;
  parentPort.close();
  Object.defineProperty(parentPort, 'postMessage', { value: onPost });
  for (const handle of activeHandles()) {
    if (handle instanceof MessagePort && handle !== parentPort) seal(handle);
  }
  Object.defineProperty(process, '_getActiveHandles', { value: () => [] });
  // Piscina calls it with its port: a task that replaces it would be given that.
  const workerThreads: object = createRequire(import.meta.url)('node:worker_threads');
  Object.defineProperty(workerThreads, 'receiveMessageOnPort', { writable: false, configurable: false });
}

/**
 * Gives a port the methods that it has now for good. Node looks them up for each message, so a task that replaced
 * one of a prototype, also of those under symbols, would be given the port.
 */
function seal(port: MessagePort): void {
  const methods: object = Object.create(null);
  let prototype: object | null = Object.getPrototypeOf(port);
  while (prototype) {
    for (const key of Reflect.ownKeys(prototype)) {
      const method = Object.getOwnPropertyDescriptor(prototype, key);
      if (method && !Object.hasOwn(methods, key)) Object.defineProperty(methods, key, method);
    }
    prototype = Object.getPrototypeOf(prototype);
  }
  Object.setPrototypeOf(port, Object.freeze(methods));
}

function activeHandles(): unknown[] {
  return '_getActiveHandles' in process && typeof process._getActiveHandles === 'function'
    ? process._getActiveHandles()
    : [];
}
