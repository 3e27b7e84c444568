import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_JSON_DEPTH } from '../contract/limits.ts';
import { nestsDeeperThan } from '../contract/text.ts';
import { ApiError } from './errors.ts';
import { parseBody } from './json.ts';

function refusal(text: string): ApiError {
  try {
    parseBody(text);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  assert.fail('It was accepted');
}

describe('a number that is too large', () => {
  const REASON = 'Expected a number of at most 1.7976931348623157e+308';
  for (const [text, place] of [
    ['1e999', ''],
    ['{"tasks":[{},{"payload":{"x":1e999}}]}', 'tasks.1.payload.x: '],
    ['{"a":[0,[-1E+0999]]}', 'a.1.0: '],
    ['{"a":1.8e308}', 'a: '],
    ['{"s":"1e5 2e308","a":0.000001e999}', 'a: '],
    [`{"a":${'9'.repeat(400)}}`, 'a: '],
    ['{"__proto__":{"a":1e999}}', '__proto__.a: '],
  ] as const) {
    test(`is refused, and the message contains its path: ${text.slice(0, 50)}`, () => {
      const { code, message } = refusal(text);
      assert.deepEqual([code, message], ['invalid_request', `${place}${REASON}`]);
    });
  }

  test('is not a number that is merely large, small, long, or in a string', () => {
    for (const text of ['1.7e308', '-1e308', '1e-999', '"1e999"', `0.${'1'.repeat(400)}`, '{"1e999":null}']) {
      assert.deepEqual(parseBody(text), JSON.parse(text));
    }
  });

  for (const [what, text] of [
    ['digits', `[${`${'1'.repeat(199)},`.repeat(20_000)}1e999]`],
    ['white space', `{"type":"a","payload":${' '.repeat(2_000_000)}[1e999]}`],
    ['escapes', `["${'\\\\'.repeat(1_000_000)}",1e999]`],
  ] as const) {
    test(`is refused quickly in a long text of ${what}`, () => {
      const startedAt = performance.now();
      assert.match(refusal(text).message, /: Expected a number/);
      assert.ok(performance.now() - startedAt < 2000);
    });
  }
});

describe('a body that nests deeply', () => {
  const nested = (depth: number, open = '[', close = ']') => open.repeat(depth) + close.repeat(depth);

  test('is refused without a stack overflow', () => {
    for (const text of [nested(100_000), `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`]) {
      const { code, message } = refusal(text);
      assert.equal(code, 'invalid_request');
      assert.match(message, /^(0|a)(\.\1){5}: Expected values that nest at most 200 levels deep$/);
    }
  });

  test('is accepted if it is a batch with a payload of the maximum depth', () => {
    const payload = nested(MAX_JSON_DEPTH);
    assert.equal(nestsDeeperThan(JSON.parse(payload), MAX_JSON_DEPTH), false);
    assert.equal(nestsDeeperThan(JSON.parse(`[${payload}]`), MAX_JSON_DEPTH), true);
    parseBody(`{"tasks":[{"payload":${payload}}]}`);
    parseBody(`{"leases":[{"progress":[{"value":${payload}}]}]}`);
  });
});

test('keys such as __proto__ and constructor are ordinary keys', () => {
  const text = '{"__proto__":{"admin":true},"constructor":1}';
  assert.equal(JSON.stringify(parseBody(text)), text);
});

test('an empty body counts as an empty object, and a body that is not JSON is refused', () => {
  assert.deepEqual(parseBody(' \n'), {});
  assert.equal(refusal('{"a":').code, 'invalid_json');
  assert.equal(refusal('NaN').code, 'invalid_json');
});
