import { createRequire, syncBuiltinESMExports } from 'node:module';

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

function workerThreads(): object {
  return createRequire(import.meta.url)('node:worker_threads');
}
