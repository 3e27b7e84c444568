import assert from 'node:assert/strict';
import { test } from 'node:test';
import { colourJson, jsonText } from './json-text.ts';

test('a short value is shown completely, and a long one is folded', () => {
  const short = jsonText({ a: 1 });
  assert.equal(short.shown, '{\n  "a": 1\n}');
  assert.equal(short.folded, undefined);
  const long = jsonText(Array.from({ length: 200 }, (_, index) => index));
  assert.equal(long.lines, 202);
  assert.equal(long.folded?.split('\n').length, 24);
  assert.ok(long.shown.endsWith(']'));
});

test('a value with one very long line is folded too', () => {
  assert.ok((jsonText('x'.repeat(100_000)).folded?.length ?? 0) < 10_000);
});

test('a huge value is cut for the page but copied completely', () => {
  const text = jsonText('x'.repeat(1_000_000));
  assert.ok(text.cut);
  assert.equal(text.whole.length, 1_000_002);
  assert.ok(text.shown.length < text.whole.length);
});

test('keys, texts, numbers and words are separate tokens', () => {
  const tokens = colourJson('{\n  "a": "b: \\"1\\"",\n  "n": [-1.5e3, true, null]\n}');
  assert.deepEqual(
    tokens.filter(({ part }) => part !== 'plain').map(({ part, text }) => `${part} ${text}`),
    ['key "a"', 'text "b: \\"1\\""', 'key "n"', 'number -1.5e3', 'word true', 'word null'],
  );
  assert.equal(
    tokens.map(({ text }) => text).join(''),
    '{\n  "a": "b: \\"1\\"",\n  "n": [-1.5e3, true, null]\n}',
  );
});
