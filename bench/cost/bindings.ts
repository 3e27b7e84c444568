/** Bindings that count what is done through them. */
import { z } from 'zod';
import { byteLength } from '../../edge/contract/text.ts';
import type { LedgerNamespace } from '../../edge/http/ledger.ts';
import type { Tally } from './tally.ts';

const Batch = z.array(z.object({ body: z.unknown() }));
const ListedKeys = z.object({ keys: z.array(z.unknown()) });

/** Queues bill each 64 KB of a message. */
const BILLED_BYTES = 64 * 1024;

/**
 * Reads count by the key. A list that finds nothing is left out: it asks for a time in which nothing was
 * submitted, and under steady load there is none.
 */
export function countedKv(kv: KVNamespace, tally: Tally): KVNamespace {
  return watched(kv, (method, [key], answer) => {
    switch (method) {
      case 'get':
      case 'getWithMetadata':
        return tally.add('kvReads', Array.isArray(key) ? key.length : 1);
      case 'put':
        return tally.add('kvWrites');
      case 'delete':
        return tally.add('kvDeletes');
      case 'list':
        return tally.add('kvLists', ListedKeys.parse(answer).keys.length > 0 ? 1 : 0);
    }
  });
}

/** Counts the writing of messages; their consumer counts the rest. */
export function countedQueue<Body>(queue: Queue<Body>, tally: Tally): Queue<Body> {
  return watched(queue, (method, [messages]) => {
    const bodies = method === 'send' ? [messages] : Batch.parse(messages).map(({ body }) => body);
    for (const body of bodies) tally.add('queueOperations', billedParts(body));
  });
}

/** Counts that messages are read and, once that went well, deleted. */
export function countDelivery({ messages }: MessageBatch, tally: Tally): void {
  for (const { body } of messages) tally.add('queueOperations', 2 * billedParts(body));
}

/** Counts the calls to the Durable Objects. */
export function countedNamespace(namespace: LedgerNamespace, tally: Tally): LedgerNamespace {
  return new Proxy(namespace, {
    get: (target, property) =>
      property === 'getByName'
        ? (name: string) => watched(target.getByName(name), () => tally.add('objectRequests'))
        : Reflect.get(target, property),
  });
}

function billedParts(body: unknown): number {
  return Math.ceil(byteLength(JSON.stringify(body)) / BILLED_BYTES);
}

/** An object of which each method, all asynchronous, tells of a call when it is answered. */
function watched<Target extends object>(
  target: Target,
  tell: (method: string, args: unknown[], answer: unknown) => void,
): Target {
  return new Proxy(target, {
    get(_, property) {
      const method: unknown = Reflect.get(target, property);
      if (typeof method !== 'function' || typeof property !== 'string') return method;
      return async (...args: unknown[]) => {
        const answer: unknown = await Reflect.apply(method, target, args);
        tell(property, args, answer);
        return answer;
      };
    },
  });
}
