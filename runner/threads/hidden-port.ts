import { MessagePort } from 'node:worker_threads';

/** Node's listener for what any thread sends to any other, all through the main thread. */
const RELAY = 'handleMessageFromThread';

/**
 * Starts a Worker without the port that Node gives to each besides its own, which `postMessageToThread` takes.
 * Node's listener there trusts what comes: a task could end the main thread with it, or keep it busy. Nothing
 * listens on that port then and it is closed, so that what threads of the thread register there is dropped too.
 *
 * @param start creates the Worker before it returns.
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
