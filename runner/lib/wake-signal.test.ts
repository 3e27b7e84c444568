import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settlesWithin } from '../testing/wait-for.ts';
import { Doorbell } from './wake-signal.ts';

const LONG_MS = 20_000;

test('a ring wakes the one who waits', async () => {
  const doorbell = new Doorbell();
  const waiting = doorbell.wait(LONG_MS);
  assert.equal(await settlesWithin(waiting, 20), false);
  doorbell.ring();
  await waiting;
});

test('a ring that came before is remembered, once however often it rang', async () => {
  const doorbell = new Doorbell();
  doorbell.ring();
  doorbell.ring();
  await doorbell.wait(LONG_MS);
  const second = doorbell.wait(LONG_MS);
  assert.equal(await settlesWithin(second, 20), false);
  doorbell.ring();
  await second;
});

test('without a ring the wait ends with its time', async () => {
  const startedAt = performance.now();
  await new Doorbell().wait(30);
  const waited = performance.now() - startedAt;
  assert.ok(waited >= 28 && waited < 2000, `waited ${waited} ms`);
});

test('a ring after the time was up is not lost', async () => {
  const doorbell = new Doorbell();
  await doorbell.wait(1);
  doorbell.ring();
  await doorbell.wait(LONG_MS);
});

test('a wait that a ring has ended leaves no timer behind', async () => {
  const doorbell = new Doorbell();
  const waiting = doorbell.wait(LONG_MS);
  doorbell.ring();
  await waiting;
  assert.equal(process.getActiveResourcesInfo().includes('Timeout'), false);
});
