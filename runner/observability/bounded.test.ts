import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { printable, printableJson } from '../../client/cli/printable.ts';
import { boundedCopy, boundedText, jsonBytes } from './bounded.ts';
import { boundedRecord } from './log-record.ts';

const ESC = '\u001b';

test('a JSON value that fits is copied unchanged', () => {
  const value = { text: 'é "quoted" \n', list: [1, -2.5, true, null, { deep: [] }], '': {} };
  assert.deepEqual(boundedCopy(value, 1000), value);
});

test('a text is cut between characters, and the notice contains its original length', () => {
  assert.equal(boundedText('abc', 100), 'abc');
  const cut = boundedText('x'.repeat(5000), 1000);
  assert.match(cut, /^x{900,}… \[cut, 5000 characters\]$/);
  for (const text of ['✅😀'.repeat(1000), '\u0000'.repeat(1000), '"'.repeat(1000)]) {
    for (const bytes of [100, 101, 102, 103]) {
      assert.ok(jsonBytes(boundedText(text, bytes)) <= bytes, `${bytes} bytes of ${JSON.stringify(text[0])}`);
      assert.ok(boundedText(text, bytes).isWellFormed());
    }
  }
});

test('a value that is not JSON becomes a text', () => {
  const circle: Record<string, unknown> = { name: 'circle' };
  circle.self = circle;
  const value = {
    circle,
    twice: [circle.name, circle.name],
    date: new Date(0),
    url: new URL('https://example.com/a'),
    error: new RangeError('too large', { cause: 'the cause' }),
    map: new Map([[1, 2]]),
    set: new Set([1, 2, 3]),
    bytes: Buffer.alloc(50_000_000),
    buffer: new ArrayBuffer(8),
    bigint: 12n,
    huge: 2n ** 100_000n,
    run: () => 1,
    symbol: Symbol('s'),
    missing: undefined,
    odd: [Number.NaN, Number.POSITIVE_INFINITY, undefined],
  };
  const { error, ...rest } = JSON.parse(JSON.stringify(boundedCopy(value, 5000)));
  assert.deepEqual(rest, {
    circle: { name: 'circle', self: '[circular]' },
    twice: ['circle', 'circle'],
    date: '1970-01-01T00:00:00.000Z',
    url: 'https://example.com/a',
    map: '[Map, 1 entries]',
    set: '[Set, 3 entries]',
    bytes: '[Buffer, 50000000 bytes]',
    buffer: '[ArrayBuffer, 8 bytes]',
    bigint: '12n',
    huge: '[bigint]',
    run: '[function]',
    symbol: '[symbol]',
    odd: ['NaN', 'Infinity', null],
  });
  assert.deepEqual([error.name, error.message, error.cause], ['RangeError', 'too large', 'the cause']);
  assert.match(error.stack, /bounded\.test/);
});

test('an unreadable part is replaced by a notice, and the rest is shown', () => {
  const value = {
    before: 1,
    get broken() {
      throw new Error('no');
    },
    proxy: new Proxy({}, { ownKeys: () => assert.fail('no keys') }),
    json: { toJSON: () => assert.fail('no JSON') },
    endless: { toJSON: () => ({ toJSON: () => value.endless }) },
    after: 2,
  };
  const copy = boundedCopy(value, 1000);
  assert.partialDeepStrictEqual(copy, {
    before: 1,
    broken: '[unreadable]',
    proxy: '[unreadable]',
    json: '[unreadable]',
    endless: '[circular]',
    after: 2,
  });
});

test('a key that names the prototype changes no prototype', () => {
  const copy = boundedCopy(JSON.parse('{"__proto__":{"polluted":true}}'), 1000);
  assert.equal(JSON.stringify(copy), '{"__proto__":{"polluted":true}}');
});

test('only the kept part of a value is read', () => {
  let reads = 0;
  const items = new Proxy(Array.from({ length: 1_000_000 }), {
    get(target, key) {
      reads += 1;
      return typeof key === 'string' && /^[0-9]+$/.test(key) ? Number(key) : Reflect.get(target, key);
    },
  });
  const copy = JSON.stringify(boundedCopy({ items: [items, items] }, 6000));
  assert.ok(copy.length <= 6100, `${copy.length} characters`);
  assert.match(copy, /"\[cut, \d{6} more\]"/);
  assert.ok(reads < 4000, `${reads} reads`);
});

test('a record stays within its bound for any input, and is valid JSON', () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 10_000 }), fc.string({ maxLength: 10_000 }));
  const value = fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true });
  const items = fc.array(fc.oneof(value, text), { maxLength: 100 });
  fc.assert(
    fc.property(text, items, (message, details) => {
      const record = boundedRecord(message, { taskId: 'a', details });
      const line = printableJson(JSON.stringify({ msg: record.message, fields: record.fields }));
      assert.ok(Buffer.byteLength(line) <= 7500, `${Buffer.byteLength(line)} bytes`);
      assert.doesNotThrow(() => JSON.parse(line));
    }),
    { numRuns: 50 },
  );
});

test('a record of many numbers, deep lists or many keys stays within its bound', () => {
  let deep: unknown = 'end';
  for (let depth = 0; depth < 10_000; depth += 1) deep = [deep, { key: deep }];
  const values = [
    Array.from({ length: 100_000 }, () => -1.7976931348623157e308),
    deep,
    Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`${index}`.repeat(100), index])),
    Array.from({ length: 10_000 }, () => []),
  ];
  for (const details of values) {
    const { fields } = boundedRecord('message', { details });
    assert.ok(JSON.stringify(fields).length <= 7500, `${JSON.stringify(fields).length} characters`);
  }
});

test('control characters, line separators and direction marks are escaped', () => {
  const text = `a\nb\r\tc${ESC}[2J\u0000\u007f\u009b\u2028\u2029\u202e\u2066\u200f`;
  const safe = 'a\\nb\\r\\tc\\u001b[2J\\u0000\\u007f\\u009b\\u2028\\u2029\\u202e\\u2066\\u200f';
  assert.equal(printable(text), safe);
  assert.equal(printable('✅ Zoë 日本 \\ "quoted" 🗑️'), '✅ Zoë 日本 \\ "quoted" 🗑️');
});

test('escaping does not change the value of JSON', () => {
  const value = { [`${ESC}key\u2028`]: [`\u009b\u202e\n`, { deep: '\u007f' }] };
  const json = printableJson(JSON.stringify(value, null, 2));
  assert.doesNotMatch(json, /[\u007f-\u009f\u2028\u2029\u202e]/);
  assert.deepEqual(JSON.parse(json), value);
});
