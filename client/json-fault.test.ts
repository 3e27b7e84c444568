import assert from 'node:assert/strict';
import { test } from 'node:test';
import { excerpt, readJson } from './json-fault.ts';

function faultOf(text: string) {
  const reading = readJson(text);
  assert.ok('fault' in reading, `Expected a fault in ${text}`);
  return reading.fault;
}

test('valid JSON is read', () => {
  assert.deepEqual(readJson(' {"a": [1, null]} '), { value: { a: [1, null] } });
});

test('the first fault is reported with its line, column and reason', () => {
  const faults: [string, number, number, RegExp][] = [
    ['{\n  "a": 1,\n  b: 2\n}', 3, 3, /double quotes/],
    ['{"a": 1 "b": 2}', 1, 9, /comma/],
    ['{\n "a" 1}', 2, 6, /colon/],
    ['[1, 2', 1, 6, /closing bracket/],
    ['{"a": 1', 1, 8, /closing brace/],
    ['{"a": tru}', 1, 7, /a JSON value/],
    ['{"a": 1,}', 1, 9, /property name/],
    ['[1, 2,]', 1, 7, /value/],
    ['{"a": "x\n}', 1, 7, /closing double quote/],
    ['{} {}', 1, 4, /nothing after/],
    ['{"a": 1} // done', 1, 10, /not allow comments/],
    ['{"a": "\\q"}', 1, 7, /escape/],
    ['', 1, 1, /value/],
  ];
  for (const [text, line, column, reason] of faults) {
    const fault = faultOf(text);
    assert.deepEqual([fault.line, fault.column], [line, column], `${text}: ${JSON.stringify(fault)}`);
    assert.match(fault.message, reason);
  }
});

test('the excerpt of a long line contains the fault', () => {
  const text = `{"a": "${'x'.repeat(200)}" "b": 1}`;
  const { text: cut, at } = excerpt(text, faultOf(text), 40);
  assert.equal(cut.length, 40);
  assert.equal(cut[at], '"');
  assert.equal(cut.slice(at, at + 3), '"b"');
});
