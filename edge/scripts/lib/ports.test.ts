import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectTwoPorts, parsePort, portFault, portOf } from './ports.ts';

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

test('two different ports are accepted, and the same port twice is refused with both names', () => {
  expectTwoPorts({ api: 9000, buffer: 9001 });
  assert.throws(() => expectTwoPorts({ api: 9000, buffer: 9000 }), {
    message:
      'Both workers would use port 9000: set API_PORT (8787 by default) and BUFFER_PORT (8788 by default) to different ports',
  });
});

for (const [code, sentence] of [
  ['EADDRINUSE', 'another process uses it. Set API_PORT to a free port.'],
  ['EACCES', 'this user may not use it. Set API_PORT to a port from 1024 on.'],
] as const) {
  test(`a port that fails with ${code} has its own sentence`, () => {
    const error = Object.assign(new Error('listen'), { code });
    assert.equal(
      portFault(error, 'API Worker', 80, 'API_PORT'),
      `The API Worker cannot use port 80: ${sentence}`,
    );
  });
}
