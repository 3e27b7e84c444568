import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_JSON_DEPTH } from '../contract/limits.ts';
import { nestsDeeperThan } from '../contract/text.ts';
import { ApiError } from './errors.ts';
import { parseJson } from './json.ts';

function refusal(text: string): ApiError {
  try {
    parseJson(text);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  assert.fail('It was accepted');
}

describe('a number that is too large', () => {
  for (const [text, sentence] of [
    ['1e999', '1e999 is too large for a number'],
    ['{"tasks":[{},{"payload":{"x":1e999}}]}', 'tasks.1.payload.x: 1e999 is too large for a number'],
    ['{"a":[0,[-1E+0999]]}', 'a.1.0: -1E+0999 is too large for a number'],
    ['{"a":1.8e308}', 'a: 1.8e308 is too large for a number'],
    ['{"s":"1e5 2e308","a":0.000001e999}', 'a: 0.000001e999 is too large for a number'],
    [`{"a":${'9'.repeat(400)}}`, `a: ${'9'.repeat(20)}… is too large for a number`],
    [`{"a":${'9'.repeat(250)}.5e99}`, `a: ${'9'.repeat(20)}… is too large for a number`],
    ['{"__proto__":{"a":1e999}}', '__proto__.a: 1e999 is too large for a number'],
  ] as const) {
    test(`is refused with its place: ${text.slice(0, 50)}`, () => {
      const { code, message } = refusal(text);
      assert.deepEqual([code, message], ['invalid_request', sentence]);
    });
  }

  test('is not one that is merely large, small, long, or in a text', () => {
    for (const text of ['1.7e308', '-1e308', '1e-999', '"1e999"', `0.${'1'.repeat(400)}`, '{"1e999":null}']) {
      assert.deepEqual(parseJson(text), JSON.parse(text));
    }
  });

  test('is found in a long text without delay', () => {
    const digits = `[${`${'1'.repeat(199)},`.repeat(20_000)}1e999]`;
    assert.match(refusal(digits).message, /^20000: 1e999/);
  });
});

describe('a body that nests deeply', () => {
  const nested = (depth: number, open = '[', close = ']') => open.repeat(depth) + close.repeat(depth);

  test('is refused, whatever stack it would take to walk it', () => {
    for (const text of [nested(100_000), `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`]) {
      const { code, message } = refusal(text);
      assert.equal(code, 'invalid_request');
      assert.match(message, /^(0|a)(\.\1){5}: Expected values that nest at most 200 levels deep$/);
    }
  });

  test('is accepted where a payload of the greatest depth is in a batch', () => {
    const payload = nested(MAX_JSON_DEPTH);
    assert.equal(nestsDeeperThan(JSON.parse(payload), MAX_JSON_DEPTH), false);
    assert.equal(nestsDeeperThan(JSON.parse(`[${payload}]`), MAX_JSON_DEPTH), true);
    parseJson(`{"tasks":[{"payload":${payload}}]}`);
    parseJson(`{"leases":[{"progress":[{"value":${payload}}]}]}`);
  });
});

test('names of object prototypes are names like any other', () => {
  const text = '{"__proto__":{"admin":true},"constructor":1}';
  assert.equal(JSON.stringify(parseJson(text)), text);
});

test('an empty body counts as an empty object, and what is not JSON is refused', () => {
  assert.deepEqual(parseJson(' \n'), {});
  assert.equal(refusal('{"a":').code, 'invalid_json');
  assert.equal(refusal('NaN').code, 'invalid_json');
});
