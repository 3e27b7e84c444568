import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Hunger, type Listener, Waker } from './waker.ts';

const NOW = Date.UTC(2026, 0, 1);

/** Runners that listen, and how many tasks of each type are ready. */
function bed(...runners: string[]) {
  const woken: string[] = [];
  const listeners = runners.map(
    (runner): Listener => ({ runner, hunger: null, wake: () => woken.push(runner) }),
  );
  const waker = new Waker();
  const ready = new Map<string, number>();
  return {
    woken,
    ready,
    /** A runner claims up to `limit` tasks; `left` says how many of its types are ready afterwards. */
    claim(runner: string, types: string[], limit: number, got = 0, left = 0): Hunger | null {
      const own = listeners.filter((listener) => listener.runner === runner);
      const tasks = Array.from({ length: got }, () => task);
      const order = { leaseId: 'l', runner, leaseSeconds: 30, wants: [{ types, limit }] };
      waker.note(own, order, { tasks, expiresAt: NOW, ready: left, next: [] });
      return own[0]?.hunger ?? null;
    },
    wake(now = NOW): string[] {
      woken.length = 0;
      waker.wake(
        listeners,
        (types, limit) =>
          Math.min(
            limit,
            [...types].reduce((sum, type) => sum + (ready.get(type) ?? 0), 0),
          ),
        now,
      );
      return [...woken];
    },
  };
}

const task = {
  id: 'i',
  type: 'a',
  state: 'leased' as const,
  payload: null,
  receivedAt: NOW,
  claimedAt: NOW,
  attempt: 1,
  maxAttempts: 3,
  timeoutSeconds: null,
  priority: 0,
};

test('a runner is hungry for what its claim did not find, and sated where more is ready', () => {
  const { claim } = bed('r1');
  assert.deepEqual(claim('r1', ['a', 'b'], 10, 4), { types: ['a', 'b'], missing: 6 });
  assert.equal(claim('r1', ['a', 'b'], 10, 10, 1), null);
  assert.deepEqual(claim('r1', ['a'], 10, 10, 0), { types: ['a'], missing: 1 });
});

test('a hungry runner is woken once for what it can take, and not for other types', () => {
  const { claim, ready, wake } = bed('r1');
  assert.deepEqual(wake(), []);
  claim('r1', ['a'], 2);
  assert.deepEqual(wake(), [], 'nothing is ready');
  ready.set('b', 5);
  assert.deepEqual(wake(), []);
  ready.set('a', 1);
  assert.deepEqual(wake(), ['r1']);
  assert.deepEqual(wake(), [], 'it is on its way');
  claim('r1', ['a'], 2, 1);
  ready.set('a', 0);
  assert.deepEqual(wake(), []);
  ready.set('a', 1);
  assert.deepEqual(wake(), ['r1']);
});

test('only as many runners are woken as there is work for, the hungriest first', () => {
  const { claim, ready, wake } = bed('r1', 'r2', 'r3');
  claim('r1', ['a'], 2);
  claim('r2', ['a'], 4);
  claim('r3', ['b'], 9);
  ready.set('a', 3);
  assert.deepEqual(wake(), ['r2']);
  ready.set('a', 5);
  assert.deepEqual(wake(), ['r1'], 'four are on their way to the other');
});

test('what a woken runner leaves is for the next', () => {
  const { claim, ready, wake } = bed('r1', 'r2');
  claim('r1', ['a', 'b'], 10);
  claim('r2', ['a', 'b'], 5);
  ready.set('a', 3);
  assert.deepEqual(wake(), ['r1']);
  claim('r1', ['a', 'b'], 10, 2, 1);
  ready.set('a', 1);
  assert.deepEqual(wake(), ['r2']);
});

test('a woken runner that does not come is not waited for', () => {
  const { claim, ready, wake } = bed('r1', 'r2');
  claim('r1', ['a'], 10);
  claim('r2', ['a'], 5);
  ready.set('a', 1);
  assert.deepEqual(wake(), ['r1']);
  assert.deepEqual(wake(NOW + 1999), []);
  assert.deepEqual(wake(NOW + 2000), ['r2']);
});
