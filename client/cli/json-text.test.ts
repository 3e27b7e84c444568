import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJsonText } from './json-text.ts';

test('JSON is read as JSON.parse reads it', async () => {
  for (const text of ['{"a":[1,null]}', ' 1 ', '"ü"', '{"__proto__":1}', '[1e3]']) {
    assert.deepEqual(await parseJsonText(text, '--payload'), JSON.parse(text));
  }
});

for (const [text, sentence] of [
  ['{"a":1,}', 'expected a property name in double quotes at line 1, column 8\n  {"a":1,}\n         ^'],
  ['{"a" 1}', 'expected a colon after the property name at line 1, column 6\n  {"a" 1}\n       ^'],
  ['{\n\t"a": 1\n\t"b": 2\n}', 'expected a comma or a closing bracket at line 3, column 2\n   "b": 2\n   ^'],
  ['', 'expected a value at line 1, column 1\n  \n  ^'],
  ['// none\n1', 'JSON does not allow comments at line 1, column 1\n  // none\n  ^'],
  ["'a'", "expected a JSON value; put text in double quotes at line 1, column 1\n  'a'\n  ^"],
] as const) {
  test(`${JSON.stringify(text)} is refused with the position of the error`, async () => {
    await assert.rejects(parseJsonText(text, '--payload'), { message: `--payload is not JSON: ${sentence}` });
  });
}

test('the error shows only the part of a long line around the fault', async () => {
  const text = `[${'1,'.repeat(500)}x${',1'.repeat(500)}]`;
  await assert.rejects(parseJsonText(text, '--payload'), ({ message }: Error) => {
    const [sentence, part = '', mark = ''] = message.split('\n');
    assert.match(sentence ?? '', /line 1, column 1002$/);
    assert.ok(part.length < 90);
    assert.equal(part[mark.indexOf('^')], 'x');
    return true;
  });
});

test('an error in a part of a file names the line of the file', async () => {
  await assert.rejects(
    parseJsonText('{', 'tasks.ndjson', 17),
    /^Error: tasks\.ndjson is not JSON: .* at line 17, column 2/,
  );
});
