import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settlesWithin } from '../../edge/testing/wait-for.ts';
import { WakeSignal } from './wake-signal.ts';

const LONG_MS = 20_000;

test('a notice wakes the waiting loop', async () => {
  const wakeSignal = new WakeSignal();
  const waiting = wakeSignal.wait(LONG_MS);
  assert.equal(await settlesWithin(waiting, 20), false);
  wakeSignal.notify();
  await waiting;
});

test('notices before a wait are remembered as one', async () => {
  const wakeSignal = new WakeSignal();
  wakeSignal.notify();
  wakeSignal.notify();
  await wakeSignal.wait(LONG_MS);
  const second = wakeSignal.wait(LONG_MS);
  assert.equal(await settlesWithin(second, 20), false);
  wakeSignal.notify();
  await second;
});

test('without a notice the wait ends after its time', async () => {
  const startedAt = performance.now();
  await new WakeSignal().wait(30);
  const waited = performance.now() - startedAt;
  assert.ok(waited >= 28 && waited < 2000, `waited ${waited} ms`);
});

test('a notice after the end of a wait is not lost', async () => {
  const wakeSignal = new WakeSignal();
  await wakeSignal.wait(1);
  wakeSignal.notify();
  await wakeSignal.wait(LONG_MS);
});

test('a wait that ended by a notice leaves no timer behind', async () => {
  const wakeSignal = new WakeSignal();
  const waiting = wakeSignal.wait(LONG_MS);
  wakeSignal.notify();
  await waiting;
  assert.equal(process.getActiveResourcesInfo().includes('Timeout'), false);
});
