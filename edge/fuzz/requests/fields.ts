import fc from 'fast-check';
import * as Api from '../../contract/api.ts';
import { Missed, Overlap } from '../../contract/schedule.ts';
import { KNOWN_IDS } from './known.ts';
import { json, list, mostly, record, text } from './values.ts';

const TYPES = ['fuzz', 'a', 'A.b_c:d/e-9', 'x'.repeat(100)];
const LEASES = [1, 2, 3].map((n) => `00000000-0000-4000-8000-00000000000${n}`);

export const taskId = mostly(fc.constantFrom(...KNOWN_IDS), fc.uuid({ version: 7 }));
export const leaseId = fc.oneof(fc.constantFrom(...LEASES), fc.uuid());
export const type = fc.constantFrom(...TYPES);
export const count = (max: number) => fc.integer({ min: 1, max });
const seconds = fc.oneof(
  fc.constantFrom(0.001, 1, 3600),
  fc.double({ min: 0.001, max: 86_400, noNaN: true }),
);
export const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
const backoff = record({}, { baseSeconds: seconds, capSeconds: seconds });
const retry = record({}, { maxAttempts: count(100), backoff });
export const error = fc.oneof(text, record({ code: name, message: text }, { retryable: fc.boolean() }));
const priority = fc.integer({ min: -100, max: 100 });
const tags = fc.array(name, { maxLength: 10 });
export const task = record(
  { type },
  {
    payload: json,
    priority,
    delaySeconds: seconds,
    maxAttempts: count(100),
    backoff,
    timeoutSeconds: seconds,
    tags,
  },
);
export const result = record({ taskId, leaseId, success: fc.boolean() }, { result: json, error, retry });
export const want = record({ types: fc.uniqueArray(type, { minLength: 1 }), limit: count(9) });
export const lease = record(
  { leaseId, holds: fc.array(taskId, { maxLength: 5 }) },
  { progress: list(record({ taskId, value: json })) },
);
export const limit = count(1000).map(String);
export const status = fc.constantFrom(...Api.ListQuery.shape.status.unwrap().options);
export const since = fc.date({ noInvalidDate: true, min: new Date(0) }).map((date) => date.toISOString());

export const overlap = fc.constantFrom(...Overlap.options);
export const missed = fc.constantFrom(...Missed.options);
