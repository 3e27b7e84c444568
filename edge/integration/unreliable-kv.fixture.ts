/** The Consumer Worker with a KV that fails to read a key if another key, `broken:KEY`, exists. */
import type { BufferEnv } from '../buffer/env.ts';
import worker from '../buffer/worker.ts';

export { TaskLedger } from '../buffer/worker.ts';

function unreliable(kv: KVNamespace): KVNamespace {
  return new Proxy(kv, {
    get(_, property) {
      if (property !== 'getWithMetadata') return Reflect.get(kv, property);
      return async (key: string, type: 'stream') => {
        if ((await kv.get(`broken:${key}`)) !== null) throw new Error('KV GET failed: 500');
        return kv.getWithMetadata(key, type);
      };
    },
  });
}

export default {
  fetch: (request, env, ctx) =>
    worker.fetch(request, { ...env, TASK_STORAGE: unreliable(env.TASK_STORAGE) }, ctx),
  queue: worker.queue,
} satisfies ExportedHandler<BufferEnv>;
