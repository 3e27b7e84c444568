import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitClaim } from './claim-text.ts';

/** The runs of a property. Set for example `FC_RUNS=100000` for more. */
const numRuns = Number(process.env.FC_RUNS ?? 2000);

type Json = string;

const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\r', '\t'), maxLength: 2 });

/** A text as JSON. Each character may be escaped. */
function escaped(text: string, mask: number): Json {
  const units = Array.from({ length: text.length }, (_, index) => {
    const unit = text.charCodeAt(index).toString(16).padStart(4, '0');
    return (mask >> (index % 16)) & 1 ? `\\u${unit}` : JSON.stringify(text[index]).slice(1, -1);
  });
  return `"${units.join('')}"`;
}

const name = fc.oneof(
  fc.constantFrom('tasks', 'payload', 'payloads', 'task', '', '__proto__', 'ready', '"payload":1', '\\'),
  fc.string({ unit: 'binary', maxLength: 5 }),
);
const key = fc.oneof(
  name.map((text) => JSON.stringify(text)),
  fc.tuple(name, fc.nat(0xffff)).map(([text, mask]) => escaped(text, mask)),
);

function listOf(open: string, items: readonly Json[], close: string, gap: string): Json {
  return `${open}${gap}${items.join(`${gap},${gap}`)}${gap}${close}`;
}

function object(members: fc.Arbitrary<readonly [Json, Json]>, maxLength = 4): fc.Arbitrary<Json> {
  return fc.tuple(fc.array(members, { maxLength }), space).map(([entries, gap]) =>
    listOf(
      '{',
      entries.map(([name, value]) => `${name}${gap}:${gap}${value}`),
      '}',
      gap,
    ),
  );
}

/** JSON texts of any value, often with the keys that the parser looks for. */
const { value } = fc.letrec<{ value: Json; item: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.jsonValue({ maxDepth: 1 }).map((plain) => JSON.stringify(plain)),
    key,
    fc.constantFrom('null', '-1.5e-7', '[]', '{}', '"\\\\"', '"\\"}]"', '"}{]["'),
    fc
      .tuple(fc.array(tie('item'), { maxLength: 3 }), space)
      .map(([items, gap]) => listOf('[', items, ']', gap)),
    object(fc.tuple(key, tie('item')), 3),
  ),
  item: tie('value'),
}));

const payloadKey = fc.oneof(
  fc.constant('"payload"'),
  fc.nat(0xffff).map((mask) => escaped('payload', mask)),
);
const tasksKey = fc.oneof(
  fc.constant('"tasks"'),
  fc.nat(0xffff).map((mask) => escaped('tasks', mask)),
);
const task = object(fc.oneof(fc.tuple(key, value), fc.tuple(payloadKey, value)));
const tasks = fc
  .tuple(fc.array(fc.oneof({ weight: 4, arbitrary: task }, value), { maxLength: 4 }), space)
  .map(([items, gap]) => listOf('[', items, ']', gap));
const answer = fc
  .tuple(
    space,
    object(
      fc.oneof(fc.tuple(key, value), fc.tuple(tasksKey, fc.oneof({ weight: 3, arbitrary: tasks }, value))),
    ),
    space,
  )
  .map((parts) => parts.join(''));

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The result of `JSON.parse` for an answer: its tasks with `null` as payloads, and the payloads. */
function parsed(text: string): { rest: unknown; payloads: unknown[] } {
  const rest: unknown = JSON.parse(text);
  const payloads: unknown[] = [];
  if (!isObject(rest) || !Array.isArray(rest.tasks)) return { rest, payloads };
  for (const one of rest.tasks) {
    const has = isObject(one) && Object.hasOwn(one, 'payload');
    payloads.push(has ? { payload: one.payload } : undefined);
    if (has) one.payload = null;
  }
  return { rest, payloads };
}

test('the rest and the payloads equal the results of JSON.parse', () => {
  fc.assert(
    fc.property(answer, (text) => {
      const { rest, payloads } = splitClaim(Buffer.from(text));
      const read = payloads.map((one) => (one === undefined ? undefined : { payload: JSON.parse(one) }));
      const expected = parsed(Buffer.from(text).toString());
      assert.deepEqual({ rest: JSON.parse(rest), payloads: read }, expected);
    }),
    { numRuns },
  );
});

/** An answer as the edge gives it. */
const claim = fc
  .array(value, { maxLength: 3 })
  .map((payloads) =>
    payloads.map((payload, index) => `{"taskId":"${index}","payload":${payload},"attempt":1}`),
  )
  .map((tasks) => `{"ready":0,"tasks":[${tasks}],"next":[null]}`);

test('a cut or broken answer is refused as a whole, or only its broken payload', () => {
  const change = fc.record({
    at: fc.nat(),
    remove: fc.nat(3),
    put: fc.string({ unit: fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', '0'), maxLength: 2 }),
  });
  fc.assert(
    fc.property(claim, change, (text, { at, remove, put }) => {
      const place = at % text.length;
      const isCut = put === '' && remove === 0;
      const changed = text.slice(0, place) + (isCut ? '' : put + text.slice(place + remove));
      const whole = attempt(() => parsed(changed.toWellFormed()));
      const parts = attempt(() => {
        const { rest, payloads } = splitClaim(Buffer.from(changed));
        const read = payloads.map((one) => (one === undefined ? undefined : { payload: JSON.parse(one) }));
        return { rest: JSON.parse(rest), payloads: read };
      });
      assert.deepEqual(parts, isObject(whole?.rest) ? whole : undefined);
    }),
    { numRuns },
  );
});

test('splitting off a payload of millions of values takes a small part of the time to parse it', () => {
  const text = `{"tasks":[{"payload":[${'[],'.repeat(1_000_000)}[]]}]}`;
  const msOf = (work: () => unknown) => {
    const startedAt = performance.now();
    work();
    return performance.now() - startedAt;
  };
  const bytes = Buffer.from(text);
  const splitMs = Math.min(...Array.from({ length: 5 }, () => msOf(() => splitClaim(bytes))));
  const parseMs = msOf(() => JSON.parse(text));
  assert.ok(splitMs < parseMs / 4, `${splitMs} ms, to parse it takes ${parseMs} ms`);
});

function attempt<Result>(make: () => Result): Result | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
