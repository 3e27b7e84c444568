import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANY_TYPE } from '../ledger/demand-index.ts';
import { Waker } from '../ledger/waker.ts';
import { HibernatingSockets } from './wake-sockets.ts';

const OPEN = 1;
const CLOSING = 2;

/** A fake of a Durable Object's socket. It counts how often its attachment was read and written. */
class FakeSocket {
  readonly sent: unknown[] = [];
  readyState = OPEN;
  reads = 0;
  writes = 0;
  #attached: unknown = null;

  send(message: unknown) {
    this.sent.push(message);
  }

  serializeAttachment(value: unknown) {
    this.writes += 1;
    this.#attached = structuredClone(value);
  }

  deserializeAttachment() {
    this.reads += 1;
    return structuredClone(this.#attached);
  }
}

/** Creates runners with one socket each. */
function bed(...runners: string[]) {
  const sockets = new Map(runners.map((runner) => [runner, new FakeSocket()]));
  const tagsOf = (runner: string) => ['wake', `wake:${runner}`];
  const hibernating = new HibernatingSockets({
    acceptWebSocket: () => assert.fail('No socket is accepted here'),
    getWebSockets: (tag) =>
      [...sockets].flatMap(([runner, socket]) => (tagsOf(runner).includes(tag) ? socket : [])),
    getTags: (socket) => {
      const found = [...sockets].find(([, one]) => one === socket);
      return found ? tagsOf(found[0]) : ['live'];
    },
  });
  for (const runner of runners) hibernating.save(runner, []);
  const count = () => {
    const all = [...sockets.values()];
    return {
      reads: all.reduce((sum, { reads }) => sum + reads, 0),
      writes: all.reduce((sum, { writes }) => sum + writes, 0),
      wakes: all.reduce((sum, { sent }) => sum + sent.length, 0),
    };
  };
  return { sockets, hibernating, count };
}

function socketOf(sockets: ReadonlyMap<string, FakeSocket>, runner: string): FakeSocket {
  const socket = sockets.get(runner);
  assert.ok(socket);
  return socket;
}

test('demands are stored with the open sockets of their runner', () => {
  const { sockets, hibernating } = bed('r1', 'r2');
  const demands = [{ types: ['a'], missing: 3 }];
  assert.equal(hibernating.save('r1', demands), true);
  assert.equal(hibernating.save('r3', demands), false);
  assert.deepEqual(
    [...hibernating.load()],
    [
      { runner: 'r1', demands },
      { runner: 'r2', demands: [] },
    ],
  );
  socketOf(sockets, 'r1').readyState = CLOSING;
  assert.equal(hibernating.save('r1', demands), false);
});

test('types that are too large for a socket are stored as any type, other demands in full', () => {
  const { hibernating } = bed('r1');
  const many = Array.from({ length: 500 }, (_, index) => `${'long'.repeat(20)}${index}`);
  hibernating.save('r1', [
    { types: many, missing: 3 },
    { types: ['a'], missing: 1 },
  ]);
  const [stored] = hibernating.load();
  assert.deepEqual(stored?.demands, [
    { types: ANY_TYPE, missing: 3 },
    { types: ['a'], missing: 1 },
  ]);
});

test('a wake goes to the open sockets of its runner', () => {
  const { sockets, hibernating } = bed('r1', 'r2');
  assert.equal(hibernating.wake('r1'), true);
  assert.deepEqual(socketOf(sockets, 'r1').sent, ['ready']);
  assert.deepEqual(socketOf(sockets, 'r2').sent, []);
  socketOf(sockets, 'r1').readyState = CLOSING;
  assert.equal(hibernating.wake('r1'), false);
});

test('the names of connected runners are known without reading attachments', () => {
  const { hibernating, sockets, count } = bed('r1', 'r2');
  assert.deepEqual([...hibernating.runners()], ['r1', 'r2']);
  assert.equal(hibernating.runnerOf(socketOf(sockets, 'r2')), 'r2');
  assert.equal(hibernating.runnerOf(new FakeSocket()), null);
  assert.equal(count().reads, 0);
});

test('with 1,000 idle runners, a call reads no socket and wakes only runners that have work', () => {
  const runners = Array.from({ length: 1000 }, (_, index) => `r${index}`);
  const { hibernating, count } = bed(...runners);
  const waker = new Waker(hibernating, () => new Map([['a', 10]]));
  const claim = (runner: string) =>
    waker.noteClaim({ runner, wants: [{ types: ['a'], limit: 1 }] }, { tasks: [], next: [null] });
  for (const runner of runners) claim(runner);
  const before = count();
  assert.deepEqual(
    before,
    { reads: 1000, writes: 2000, wakes: 0 },
    'each is read once, and written when its runner first waits',
  );

  for (let call = 0; call < 100; call += 1) {
    claim('r0');
    waker.noteReady(new Map([['b', 1]]));
    waker.wake(call);
  }
  assert.deepEqual(count(), before);
  waker.noteReady(new Map([['a', 10]]));
  waker.wake(100);
  assert.deepEqual(count(), { ...before, wakes: 10 });
});
