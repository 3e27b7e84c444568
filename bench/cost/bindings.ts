/** Bindings that count what is done through them. */
import { z } from 'zod';
import { byteLength } from '../../edge/contract/text.ts';
import type { LedgerNamespace } from '../../edge/platform/ledger.ts';
import type { Counters } from './counters.ts';

const Batch = z.array(z.object({ body: z.unknown() }));
const ListedKeys = z.object({ keys: z.array(z.unknown()) });

/** Queues bill each 64,000 bytes of a message, and add about so many to each message. */
const BILLED_BYTES = 64_000;
const MESSAGE_OVERHEAD_BYTES = 100;

const SECONDS_PER_DAY = 86_400;
/** What has no time to expire counts for a month. */
const DEFAULT_TTL_SECONDS = 30 * SECONDS_PER_DAY;

const PutOptions = z.object({ expirationTtl: z.number().optional(), metadata: z.unknown().optional() });

/**
 * Reads count by the key. What is stored counts once a key, since its content never changes. A list that finds nothing is left out: it asks for a time in which nothing was
 * submitted, and under steady load there is none.
 */
export function countedKv(kv: KVNamespace, counters: Counters): KVNamespace {
  const stored = new Set<unknown>();
  return watched(kv, (method, [key, value, options], answer) => {
    switch (method) {
      case 'get':
      case 'getWithMetadata':
        return counters.add('kvReads', Array.isArray(key) ? key.length : 1);
      case 'put':
        counters.add('kvWrites');
        if (!stored.has(key)) countStored(String(key), value, options, counters);
        stored.add(key);
        return;
      case 'delete':
        return counters.add('kvDeletes');
      case 'list':
        return counters.add('kvLists', ListedKeys.parse(answer).keys.length > 0 ? 1 : 0);
    }
  });
}

function countStored(key: string, value: unknown, options: unknown, counters: Counters): void {
  const { expirationTtl = DEFAULT_TTL_SECONDS, metadata } = PutOptions.parse(options ?? {});
  const metadataBytes = metadata === undefined ? 0 : byteLength(JSON.stringify(metadata));
  const bytes = byteLength(key) + bytesOf(value) + metadataBytes;
  counters.add('kvBytes', bytes);
  counters.add('kvByteDays', (bytes * expirationTtl) / SECONDS_PER_DAY);
}

function bytesOf(value: unknown): number {
  if (typeof value === 'string') return byteLength(value);
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value.byteLength;
  throw new Error('Expected a text or bytes as the value of a key');
}

/** Counts the writing of messages; their consumer counts the rest. */
export function countedQueue<Body>(queue: Queue<Body>, counters: Counters): Queue<Body> {
  return watched(queue, (method, [messages]) => {
    const bodies = method === 'send' ? [messages] : Batch.parse(messages).map(({ body }) => body);
    for (const body of bodies) counters.add('queueOperations', billedParts(body));
  });
}

/** Counts that messages are read and, once that went well, deleted. */
export function countDelivery({ messages }: MessageBatch, counters: Counters): void {
  for (const { body } of messages) counters.add('queueOperations', 2 * billedParts(body));
}

/** Counts the calls to the Durable Objects. */
export function countedNamespace(namespace: LedgerNamespace, counters: Counters): LedgerNamespace {
  return new Proxy(namespace, {
    get: (target, property) =>
      property === 'getByName'
        ? (name: string) => watched(target.getByName(name), () => counters.add('objectRequests'))
        : Reflect.get(target, property),
  });
}

function billedParts(body: unknown): number {
  return Math.ceil((byteLength(JSON.stringify(body)) + MESSAGE_OVERHEAD_BYTES) / BILLED_BYTES);
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
