import { createRequire, syncBuiltinESMExports } from 'node:module';
import { MessagePort, parentPort } from 'node:worker_threads';

/** The port on which Node sends what a thread prints, and the error that ends it. */
const nodePort = valuesOf(process.stdout).find((value) => value instanceof MessagePort);

/**
 * Takes from tasks the ports through which piscina and Node talk. What a task posts through its thread's public
 * port reaches nobody. Piscina says that an order is done and sends a number at most, Node sends nothing more:
 * whatever a task replaces or throws, it puts nothing else into their messages.
 *
 * @param onPost is called when a task tries to post.
 */
export function closePublicPorts(onPost: () => void): void {
  if (!parentPort) return;
  parentPort.close();
  Object.defineProperty(parentPort, 'postMessage', { value: onPost });
  for (const handle of activeHandles()) {
    if (handle instanceof MessagePort && handle !== parentPort) sealAnswers(handle);
  }
  if (nodePort) sealPort(nodePort, () => {});
  Object.defineProperty(process, '_getActiveHandles', { value: () => [] });
  // Piscina calls it with its port: a task that replaces it would be given that.
  Object.defineProperty(workerThreads(), 'receiveMessageOnPort', { writable: false, configurable: false });
}

/** Has `postMessageToThread` refuse: for Node it leads past every port of the thread. */
export function refuseThreadMessages(): void {
  const exported = workerThreads();
  if (!('postMessageToThread' in exported)) return;
  Object.defineProperty(exported, 'postMessageToThread', {
    value: async () => {
      throw new Error('Task code cannot post to other threads');
    },
    writable: false,
    configurable: false,
  });
  syncBuiltinESMExports();
}

/**
 * Gives a port the methods that it has now for good. Node looks them up for each message, so a task that replaced
 * one of a prototype, also of those under symbols, would be given the port.
 *
 * @param post takes the place of `postMessage`.
 */
export function sealPort<Message>(port: MessagePort, post: (message: Message) => void): void {
  const methods: object = Object.create(null);
  Object.defineProperty(methods, 'postMessage', { value: post });
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

/** Piscina's functions are open to tasks, and so is the answer that they make; two numbers of it are sent. */
function sealAnswers(port: MessagePort): void {
  const send: MessagePort['postMessage'] = port.postMessage.bind(port);
  sealPort(port, (answer: { taskId?: unknown; result?: unknown }) => {
    const taskId = numberOf(answer.taskId);
    const result = numberOf(answer.result);
    send({ taskId, result, error: null, time: null });
  });
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function valuesOf(object: object): unknown[] {
  return Reflect.ownKeys(object).map((key) => Object.getOwnPropertyDescriptor(object, key)?.value);
}

function workerThreads(): object {
  return createRequire(import.meta.url)('node:worker_threads');
}

function activeHandles(): unknown[] {
  return '_getActiveHandles' in process && typeof process._getActiveHandles === 'function'
    ? process._getActiveHandles()
    : [];
}
