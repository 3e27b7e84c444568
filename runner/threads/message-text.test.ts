import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { messageText } from './message-text.ts';

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.boolean(),
    fc.constant(undefined),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }),
  ),
}));
const message = fc.dictionary(fc.string(), value, { maxKeys: 4 });

test('the text of a message is that of JSON.stringify', () => {
  fc.assert(fc.property(message, (one) => assert.equal(messageText(one), JSON.stringify(one))));
});

test('nothing that objects inherit changes the text', (t) => {
  const inherited = { toJSON: () => 'forged', extra: 'forged' };
  t.after(() => {
    for (const name of Object.keys(inherited)) Reflect.deleteProperty(Object.prototype, name);
  });
  Object.assign(Object.prototype, inherited);
  const text = messageText({ kind: 'log', jobId: 1, ids: { taskId: 'a' } });
  assert.equal(text, '{"kind":"log","jobId":1,"ids":{"taskId":"a"}}');
});
