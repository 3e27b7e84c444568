import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ANY_TYPE, type UnmetDemand } from './demand-index.ts';
import { Waker } from './waker.ts';

const NOW = Date.UTC(2026, 0, 1);

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

interface Want {
  types: string[];
  limit: number;
  starts?: number;
  /** How many tasks of its first type the want gets. */
  got?: number;
  /** Whether tasks of its types are left in the ledger. */
  left?: boolean;
}

/** Creates runners with one wake socket each, and counts the ready tasks of each type. */
function bed(...runners: string[]) {
  const woken: string[] = [];
  const ready = new Map<string, number>();
  const paused = new Set<string>();
  const saved = new Map<string, readonly UnmetDemand[]>(runners.map((runner) => [runner, []]));
  const calls = { loads: 0, saves: 0, counts: 0 };
  const start = () =>
    new Waker(
      {
        load: () => {
          calls.loads += 1;
          return [...saved].map(([runner, demands]) => ({ runner, demands }));
        },
        save: (runner, demands) => {
          calls.saves += 1;
          if (saved.has(runner)) saved.set(runner, demands);
          return saved.has(runner);
        },
        wake: (runner) => {
          if (saved.has(runner)) woken.push(runner);
          return saved.has(runner);
        },
      },
      (types) => {
        calls.counts += 1;
        const counted = types === ANY_TYPE ? [...ready.keys()] : types;
        const claimable = counted.filter((type) => !paused.has(type));
        return new Map(claimable.map((type) => [type, ready.get(type) ?? 0]));
      },
    );
  let waker = start();
  const wake = (now = NOW): string[] => {
    woken.length = 0;
    waker.wake(now);
    return [...woken];
  };
  return {
    paused,
    saved,
    calls,
    wake,
    evict() {
      waker = start();
    },
    forget: (runner: string) => waker.forget(runner),
    resume: (type: string) => waker.noteResumed(type),
    claim(runner: string, ...wants: Want[]): readonly UnmetDemand[] {
      const granted = wants.flatMap(({ types, got = 0 }) =>
        Array.from({ length: got }, () => ({ ...task, type: types[0] ?? 'a' })),
      );
      const next = wants.map(({ left }) => (left ? { priority: 0, runAt: NOW } : null));
      waker.noteClaim({ runner, wants }, { tasks: granted, next });
      return saved.get(runner) ?? [];
    },
    /** Makes tasks ready and returns the runners that are woken. */
    add(type: string, count: number, now = NOW): string[] {
      ready.set(type, (ready.get(type) ?? 0) + count);
      waker.noteReady(new Map([[type, count]]));
      return wake(now);
    },
    take(type: string, count: number) {
      ready.set(type, (ready.get(type) ?? 0) - count);
    },
  };
}

describe('unmet demand', () => {
  test('is the number of further tasks that a want could have started, at least one', () => {
    const { claim } = bed('r1');
    assert.deepEqual(claim('r1', { types: ['a', 'b'], limit: 10, got: 4 }), [
      { types: ['a', 'b'], missing: 6 },
    ]);
    assert.deepEqual(claim('r1', { types: ['a', 'b'], limit: 10, starts: 2, got: 4 }), [
      { types: ['a', 'b'], missing: 1 },
    ]);
    assert.deepEqual(claim('r1', { types: ['a', 'b'], limit: 10, got: 4, left: true }), []);
  });

  test('of one lane stays when a claim asks only for another lane', () => {
    const { claim, add } = bed('r1');
    claim('r1', { types: ['cpu'], limit: 2, left: true, got: 1 }, { types: ['io'], limit: 8 });
    claim('r1', { types: ['cpu'], limit: 2, got: 2, left: true });
    assert.deepEqual(add('io', 1), ['r1']);
  });

  test('of one want is kept even if tasks of another want are left', () => {
    const { claim, add } = bed('r1');
    claim('r1', { types: ['cpu'], limit: 2, got: 2, left: true }, { types: ['io'], limit: 8 });
    assert.deepEqual(add('cpu', 5), []);
    assert.deepEqual(add('io', 1), ['r1']);
  });

  test('is written to the socket only when it changes', () => {
    const { claim, add, take, calls } = bed('r1');
    for (let poll = 0; poll < 10; poll += 1) claim('r1', { types: ['a'], limit: 2 });
    assert.equal(calls.saves, 1);
    add('a', 2);
    take('a', 2);
    claim('r1', { types: ['a'], limit: 2, got: 2 });
    assert.equal(calls.saves, 2);
  });

  test('is read once from the sockets after an eviction', () => {
    const { claim, add, evict, wake, calls } = bed('r1', 'r2');
    claim('r1', { types: ['a'], limit: 2 });
    claim('r2', { types: ['b'], limit: 2 });
    evict();
    calls.loads = 0;
    assert.deepEqual(wake(), []);
    assert.equal(calls.loads, 0, 'no task became ready');
    assert.deepEqual(add('a', 1), ['r1']);
    assert.deepEqual(add('b', 1), ['r2']);
    assert.equal(calls.loads, 1);
  });

  test('of types that did not fit into a socket matches any type', () => {
    const { saved, evict, add } = bed('r1');
    saved.set('r1', [{ types: ANY_TYPE, missing: 2 }]);
    evict();
    assert.deepEqual(add('whatever', 1), ['r1']);
  });

  test('ends with the socket of its runner', () => {
    const { claim, saved, forget, add } = bed('r1', 'r2');
    claim('r1', { types: ['a'], limit: 9 });
    claim('r2', { types: ['a'], limit: 1 });
    forget('r1');
    assert.deepEqual(add('a', 1), ['r2']);
    claim('r1', { types: ['b'], limit: 1 });
    saved.delete('r1');
    assert.deepEqual(add('b', 1), [], 'its socket has disappeared');
    claim('silent', { types: ['a'], limit: 1 });
    assert.deepEqual(add('a', 1), [], 'it never had a socket');
  });
});

describe('a wake', () => {
  test('is sent once for tasks that a runner can take, and not for other types', () => {
    const { claim, add, take } = bed('r1');
    claim('r1', { types: ['a'], limit: 2 });
    assert.deepEqual(add('b', 5), []);
    assert.deepEqual(add('a', 1), ['r1']);
    assert.deepEqual(add('a', 1), [], 'its wake is pending');
    take('a', 2);
    claim('r1', { types: ['a'], limit: 3, got: 2 });
    assert.deepEqual(add('a', 1), ['r1']);
  });

  test('is sent only to runners that have work, beginning with the runner that misses most', () => {
    const { claim, add } = bed('r1', 'r2', 'r3');
    claim('r1', { types: ['a'], limit: 2 });
    claim('r2', { types: ['a', 'b'], limit: 4 });
    claim('r3', { types: ['b'], limit: 9 });
    assert.deepEqual(add('a', 3), ['r2']);
    assert.deepEqual(add('a', 2), ['r1'], 'the other can take one of them');
  });

  test('is sent to other runners for tasks that a woken runner leaves', () => {
    const { claim, add, take, wake } = bed('r1', 'r2');
    claim('r1', { types: ['a', 'b'], limit: 10 });
    claim('r2', { types: ['a', 'b'], limit: 5 });
    assert.deepEqual(add('a', 3), ['r1']);
    take('a', 2);
    claim('r1', { types: ['a', 'b'], limit: 2, got: 2, left: true });
    assert.deepEqual(wake(), ['r2']);
  });

  test('expires after two seconds without a claim', () => {
    const { claim, add, wake } = bed('r1', 'r2');
    claim('r1', { types: ['a'], limit: 10 });
    claim('r2', { types: ['a'], limit: 5 });
    assert.deepEqual(add('a', 1), ['r1']);
    assert.deepEqual(wake(NOW + 1999), []);
    assert.deepEqual(wake(NOW + 2000), ['r2']);
  });

  test('is not sent for a paused type until the type is resumed', () => {
    const { claim, add, paused, resume, wake } = bed('r1');
    claim('r1', { types: ['a'], limit: 1 });
    paused.add('a');
    assert.deepEqual(add('a', 5), []);
    paused.delete('a');
    resume('a');
    assert.deepEqual(wake(), ['r1']);
  });
});

describe('with 1,000 idle runners', () => {
  const idle = () => {
    const runners = Array.from({ length: 1000 }, (_, index) => `r${index}`);
    const one = bed(...runners);
    for (const runner of runners) one.claim(runner, { types: ['a', 'b'], limit: 4 });
    Object.assign(one.calls, { loads: 0, saves: 0, counts: 0 });
    return one;
  };

  test('a call that makes no task ready uses no socket', () => {
    const { wake, calls } = idle();
    const started = performance.now();
    for (let call = 0; call < 1000; call += 1) wake();
    assert.ok(performance.now() - started < 100, 'less than 0.1 ms per call');
    assert.deepEqual(calls, { loads: 0, saves: 0, counts: 0 });
  });

  test('a call that makes tasks ready wakes only runners that have work, and counts tasks once', () => {
    const { add, calls } = idle();
    assert.equal(add('a', 40).length, 10);
    assert.deepEqual(calls, { loads: 0, saves: 0, counts: 1 });
    assert.deepEqual(add('c', 40), []);
    assert.equal(calls.counts, 1, 'no runner waits for this type');
  });
});
