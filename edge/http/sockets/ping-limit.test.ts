import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PingLimit } from './ping-limit.ts';

test('ten pings are allowed within ten seconds, and no more', () => {
  const pings = new PingLimit();
  for (let ping = 0; ping < 10; ping += 1) assert.ok(pings.isAllowed(5000 + ping));
  assert.equal(pings.isAllowed(14_999), false);
  assert.ok(pings.isAllowed(15_000));
});
