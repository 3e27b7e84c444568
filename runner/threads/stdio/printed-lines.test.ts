import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_LOG_LENGTH } from '../thread-protocol.ts';
import { PrintedLines } from './printed-lines.ts';

function open() {
  const lines: string[] = [];
  const printed = new PrintedLines((line) => void lines.push(line));
  return {
    lines,
    end: () => printed.end(),
    add: (piece: string | Buffer) => printed.add(Buffer.from(piece)),
  };
}

test('pieces become lines, and the text without a line break is the last line', () => {
  const { lines, add, end } = open();
  add('one\ntw');
  add('o\r\n\n  three');
  assert.deepEqual(lines, ['one', 'two']);
  end();
  end();
  assert.deepEqual(lines, ['one', 'two', '  three']);
});

test('a character that arrives in two pieces is complete', () => {
  const { lines, add } = open();
  const bytes = Buffer.from('a 😀 b\n');
  add(bytes.subarray(0, 4));
  add(bytes.subarray(4));
  assert.deepEqual(lines, ['a 😀 b']);
});

test('a line without an end is cut when a log record is full, and the next line is whole', () => {
  const { lines, add, end } = open();
  for (let count = 0; count < 1000; count += 1) add('x'.repeat(100));
  assert.deepEqual(
    lines.map(({ length }) => length),
    [Math.ceil((MAX_LOG_LENGTH + 1) / 100) * 100],
  );
  add('the rest\nthe next\n');
  end();
  assert.equal(lines.at(-1), 'the next');
  assert.equal(lines.length, 2);
});
