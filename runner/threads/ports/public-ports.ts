import { Session } from 'node:inspector';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { MessagePort, parentPort } from 'node:worker_threads';

/** The port on which Node sends the output of a thread, and the error that ends it. */
const nodePort = valuesOf(process.stdout).find((value) => value instanceof MessagePort);

/**
 * Closes the ports of piscina and Node to tasks. A message that a task posts to `parentPort` is dropped. Piscina's
 * port sends only that an order is done, with at most one number, and Node's port sends nothing, so a task cannot
 * add to their messages.
 *
 * @param onPost called when a task tries to post.
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
  // Piscina calls this function with its port, so a task that replaced it would get the port.
  Object.defineProperty(workerThreads(), 'receiveMessageOnPort', { writable: false, configurable: false });
}

/**
 * Makes Node's functions refuse that reach other threads: messages to any thread, and inspector sessions of the
 * main thread, in which a task could run any code.
 */
export function refuseOtherThreads(): void {
  const exported = workerThreads();
  const refused = (message: string) => ({
    value: () => {
      throw new Error(message);
    },
    writable: false,
    configurable: false,
  });
  if ('postMessageToThread' in exported) {
    const message = 'Task code cannot post to other threads';
    const { value, ...fixed } = refused(message);
    Object.defineProperty(exported, 'postMessageToThread', { ...fixed, value: async () => value() });
  }
  const message = 'Task code cannot inspect the main thread';
  Object.defineProperty(Session.prototype, 'connectToMainThread', refused(message));
  syncBuiltinESMExports();
}

/**
 * Fixes the methods of a port. Node looks them up for each message, so a task that replaced a method of a
 * prototype, even one with a symbol as its name, would get the port.
 *
 * @param post replaces `postMessage`.
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

/** Tasks can change piscina's functions and so its answer. Only two numbers of the answer are sent. */
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
