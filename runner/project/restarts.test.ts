import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Restarts } from './restarts.ts';

/** Restarts of a process that ends when the test or a stop ends it. */
function restartsOfFakes() {
  const started: { end: (code: number | null) => void }[] = [];
  let failures = 0;
  const restarts = new Restarts({
    start: async () => {
      const { promise: ended, resolve: end } = Promise.withResolvers<number | null>();
      started.push({ end });
      // It is stopped before it handles signals, so a signal ends it.
      const stop = () => {
        end(null);
        return ended;
      };
      return { ended, stop, stopSoon: stop };
    },
    onFailure: () => {
      failures += 1;
    },
  });
  return { restarts, started, failures: () => failures };
}

test('a process that is restarted again while it starts has not failed', async () => {
  const { restarts, started, failures } = restartsOfFakes();
  for (let times = 0; times < 3; times += 1) restarts.restart();
  await turn();
  assert.deepEqual([started.length, failures()], [3, 0]);
  await restarts.stop();
  assert.equal(failures(), 0);
});

test('a process that ends on its own with an error has failed, and a restart starts it again', async () => {
  const { restarts, started, failures } = restartsOfFakes();
  restarts.restart();
  await turn();
  started[0]?.end(1);
  await turn();
  assert.equal(failures(), 1);
  restarts.restart();
  await turn();
  started[1]?.end(0);
  await turn();
  assert.deepEqual([started.length, failures()], [2, 1]);
});

test('nothing starts after a stop', async () => {
  const { restarts, started } = restartsOfFakes();
  restarts.restart();
  await turn();
  const stopped = restarts.stop();
  restarts.restart();
  await stopped;
  await turn();
  assert.equal(started.length, 1);
});
