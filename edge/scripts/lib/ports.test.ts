import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePort, portOf } from './ports.ts';

test('a port is read from its variable', () => {
  assert.equal(portOf('API_PORT', {}), 8787);
  assert.equal(portOf('BUFFER_PORT', { BUFFER_PORT: '9000' }), 9000);
});

for (const text of ['abc', '', '0', '65536', '80.5', '-1']) {
  test(`"${text}" is refused, and the variable is named`, () => {
    assert.throws(() => portOf('API_PORT', { API_PORT: text }), {
      message: `API_PORT is "${text}": give a port, a whole number from 1 to 65535`,
    });
  });
}

test('a number is a port too', () => assert.equal(parsePort(8080, '--port'), 8080));
