/** Bindings that count the operations made through them. */
import { z } from 'zod';
import { byteLength } from '../../edge/contract/text.ts';
import type { LedgerNamespace } from '../../edge/platform/ledger.ts';
import type { Counters } from './counters.ts';

const Batch = z.array(z.object({ body: z.unknown() }));
const ListedKeys = z.object({ keys: z.array(z.unknown()) });

/** Queues bill each 64,000 bytes of a message. */
const BILLED_BYTES = 64_000;
/** The bytes that Queues add to each message, approximately. */
const MESSAGE_OVERHEAD_BYTES = 100;

const SECONDS_PER_DAY = 86_400;
/** A value that does not expire counts for a month. */
const DEFAULT_TTL_SECONDS = 30 * SECONDS_PER_DAY;

const PutOptions = z.object({ expirationTtl: z.number().optional(), metadata: z.unknown().optional() });

/**
 * Counts reads by key. Stored bytes count once for each key, because a key's content never changes. A list that
 * finds nothing is not counted: it asks for a time without submissions, and under steady load there is no such
 * time.
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

/** Counts the messages that are written. Their consumer counts the rest. */
export function countedQueue<Body>(queue: Queue<Body>, counters: Counters): Queue<Body> {
  return watched(queue, (method, [messages]) => {
    const bodies = method === 'send' ? [messages] : Batch.parse(messages).map(({ body }) => body);
    for (const body of bodies) counters.add('queueOperations', billedParts(body));
  });
}

/** Counts the messages that are read and, after they succeed, deleted. */
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

/** An object with asynchronous methods that reports each call when it is answered. */
function watched<Target extends object>(
  target: Target,
  onAnswer: (method: string, args: unknown[], answer: unknown) => void,
): Target {
  return new Proxy(target, {
    get(_, property) {
      const method: unknown = Reflect.get(target, property);
      if (typeof method !== 'function' || typeof property !== 'string') return method;
      return async (...args: unknown[]) => {
        const answer: unknown = await Reflect.apply(method, target, args);
        onAnswer(property, args, answer);
        return answer;
      };
    },
  });
}
