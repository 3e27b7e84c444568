import { MessagePort } from 'node:worker_threads';

/** Node's listener for messages between threads, which all pass through the main thread. */
const RELAY = 'handleMessageFromThread';

/**
 * Starts a Worker without the additional port that Node gives to each Worker for `postMessageToThread`.
 * Node's listener on that port trusts every message, so a task could end the main thread or keep it busy.
 * Here the port has no listener and is closed, so messages from threads that the thread starts are dropped
 * too.
 *
 * @param start must create the Worker before it returns.
 */
export function withoutHiddenPort<Started>(start: () => Started): Started {
  const { prototype } = MessagePort;
  const before = Object.getOwnPropertyDescriptor(prototype, 'on');
  const { on } = prototype;
  const value = function (this: MessagePort, event: string, listener: () => void): MessagePort {
    if (listener.name !== RELAY) return Reflect.apply(on, this, [event, listener]);
    this.close();
    return this;
  };
  Object.defineProperty(prototype, 'on', { value, configurable: true });
  try {
    return start();
  } finally {
    if (before) Object.defineProperty(prototype, 'on', before);
    else Reflect.deleteProperty(prototype, 'on');
  }
}
