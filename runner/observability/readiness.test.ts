import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EdgeError } from '../connection/edge-client.ts';
import { createBus } from '../events.ts';
import type { StuckThread } from '../execution/stuck-threads.ts';
import type { Lane as LaneName } from '../task.ts';
import { ReadinessWatch } from './readiness.ts';

const HEALTH = { status: 'healthy', timestamp: '2025-08-03T12:00:00.000Z', service: 'any' } as const;
const T0 = Date.parse('2025-08-03T12:00:00.000Z');

/** A readiness watch of a runner with a poll interval of 5 s and a lease of 30 s, and a clock. */
function watched() {
  const events = createBus();
  let at = T0;
  const cpu: { slots: number; stuck: StuckThread[] } = { slots: 2, stuck: [] };
  const lanes = new Map<LaneName, typeof cpu>([['cpu', cpu]]);
  const watch = new ReadinessWatch(events, { pollIntervalMs: 5000, leaseSeconds: 30, lanes, now: () => at });
  const start = () => {
    events.emit('connected', 'Queue worker', HEALTH);
    events.emit('connected', 'API worker', HEALTH);
    events.emit('ready');
    events.emit('answered', { call: 'claim', ms: 1 });
  };
  const after = (ms: number) => {
    at += ms;
  };
  const status = () => watch.readiness().status;
  const reason = () => {
    const now = watch.readiness();
    return now.status === 'ready' ? assert.fail('it is ready') : now.reason;
  };
  return { events, start, after, status, reason, cpu, readiness: () => watch.readiness() };
}

test('a runner is starting until workers, threads and the first claim are ready, and names what it waits for', () => {
  const { events, status, reason } = watched();
  const reasons: string[] = [];
  const note = () => {
    assert.equal(status(), 'starting');
    reasons.push(reason());
  };
  note();
  events.emit('retrying', new EdgeError('health', 'The Consumer Worker does not answer'));
  note();
  events.emit('answered', { call: 'health', ms: 1 });
  events.emit('connected', 'Queue worker', HEALTH);
  note();
  events.emit('connected', 'API worker', HEALTH);
  note();
  events.emit('ready');
  note();
  events.emit('answered', { call: 'claim', ms: 1 });
  assert.equal(status(), 'ready');
  assert.deepEqual(reasons, [
    'The runner waits for both workers to answer',
    'The Consumer Worker does not answer',
    'The runner waits for both workers to answer',
    'The threads load the task types',
    'The edge has not answered the first claim yet',
  ]);
});

for (const call of ['claim', 'heartbeat', 'report', 'release'] as const) {
  test(`a failed ${call} makes the runner unreachable from its first failure until one is answered`, () => {
    const { events, start, after, status, reason } = watched();
    start();
    after(1000);
    events.emit('retrying', new EdgeError(call, 'The worker does not answer (ECONNREFUSED)'));
    after(1000);
    events.emit('retrying', new EdgeError(call, 'The worker does not answer (ETIMEDOUT)'));
    assert.equal(status(), 'unreachable');
    assert.equal(reason(), 'Since 2025-08-03T12:00:01.000Z: The worker does not answer (ECONNREFUSED)');
    events.emit('answered', { call: call === 'report' ? 'heartbeat' : 'report', ms: 1 });
    assert.equal(status(), 'unreachable');
    events.emit('answered', { call, ms: 1 });
    assert.equal(status(), 'ready');
  });
}

test('an answered claim ends a failure of the heartbeat, because the leases may have expired', () => {
  const { events, start, status } = watched();
  start();
  events.emit('retrying', new EdgeError('heartbeat', 'The worker does not answer'));
  assert.equal(status(), 'unreachable');
  events.emit('answered', { call: 'claim', ms: 1 });
  assert.equal(status(), 'ready');
});

test('a report whose content is refused counts as answered', () => {
  const { events, start, status } = watched();
  start();
  events.emit('retrying', new EdgeError('report', 'The API Worker answered 503'));
  events.emit('retrying', new EdgeError('report', 'The API Worker answered 400', { permanent: true }));
  assert.equal(status(), 'ready');
});

test('a runner without the wake socket is ready, because polls find the work', () => {
  const { events, start, status } = watched();
  start();
  events.emit('retrying', new EdgeError('wake', 'The wake socket is not open'));
  assert.equal(status(), 'ready');
});

test('a runner is not ready without a claim or heartbeat for longer than poll interval plus lease', () => {
  const { events, start, after, status, reason } = watched();
  start();
  after(30_000);
  events.emit('answered', { call: 'heartbeat', ms: 1 });
  after(35_000);
  assert.equal(status(), 'ready');
  events.emit('answered', { call: 'report', ms: 1 });
  after(1);
  assert.equal(status(), 'unreachable');
  assert.match(reason(), /^Since 2025-08-03T12:00:30\.000Z .* no claim and no heartbeat$/);
  events.emit('answered', { call: 'claim', ms: 1 });
  assert.equal(status(), 'ready');
});

test('stuck threads are shown while others start tasks; a lane without free threads is stuck', () => {
  const { events, start, status, reason, readiness, cpu } = watched();
  start();
  cpu.stuck = [{ taskId: 'a', type: 'image', since: T0 - 137_000 }];
  assert.deepEqual(readiness(), {
    status: 'ready',
    stuck: [{ lane: 'cpu', taskId: 'a', type: 'image', endingSeconds: 137 }],
  });
  cpu.slots = 0;
  assert.equal(status(), 'stuck');
  assert.match(reason(), /^The cpu lane has no thread left: 1 thread.*task a \(type image\).* 137 s/);
  events.emit('retrying', new EdgeError('claim', 'The worker does not answer'));
  assert.equal(status(), 'unreachable');
});

test('a stopping runner is draining, even if other problems exist', () => {
  const { events, start, status, reason } = watched();
  start();
  events.emit('retrying', new EdgeError('claim', 'The worker does not answer'));
  events.emit('stopping');
  assert.equal(status(), 'draining');
  assert.match(reason(), /stopping and claims no more tasks/);
});
