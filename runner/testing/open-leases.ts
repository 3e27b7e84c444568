import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { waitFor } from '../../edge/testing/wait-for.ts';
import { EdgeClient } from '../connection/edge-client.ts';
import { createBus } from '../events.ts';
import type { HeldTask } from '../held-task.ts';
import { LeaseManager } from '../leases/lease-manager.ts';
import { FakeEdge } from './fake-edge.ts';
import { heldTask } from './held-tasks.ts';

/** A lease manager whose leases exist in the fake edge's ledger. It stops when the test ends. */
export async function openLeases(t: TestContext, leaseSeconds = 0.9) {
  const edge = await FakeEdge.start(t);
  const events = createBus();
  const lost: string[] = [];
  const retries: string[] = [];
  events.on('retrying', ({ message }) => void retries.push(message));
  const onLost = ({ task }: HeldTask) => void lost.push(task.taskId);
  const cancelled: string[] = [];
  const onCancelled = ({ task }: HeldTask) => void cancelled.push(task.taskId);
  const giveUp = new AbortController();
  const leases = new LeaseManager({
    client: new EdgeClient(edge),
    events,
    leaseSeconds,
    signal: giveUp.signal,
    onLost,
    onCancelled,
  });
  leases.start();
  t.after(() => {
    giveUp.abort();
    leases.stop();
  });

  /** Claims tasks under one lease and opens the lease in the manager. */
  const claim = (count: number, requestedAt = performance.now()): HeldTask[] => {
    const leaseId = randomUUID();
    for (let i = 0; i < count; i += 1) edge.ledger.add('cpu-fixture', {});
    const wants = [{ types: ['cpu-fixture'], limit: 1000 }];
    const { tasks } = edge.ledger.claim({ leaseId, runner: 'test', wants });
    const held = tasks.map(({ taskId }) => heldTask({ do: 'return' }, { taskId, leaseId }));
    leases.open(leaseId, held, requestedAt);
    return held;
  };
  const beats = (count: number) => waitFor(`${count} heartbeats`, () => answered(edge) >= count);
  return { edge, events, leases, giveUp, lost, cancelled, retries, claim, beats };
}

/** The number of answered heartbeats. */
export const answered = (edge: FakeEdge) =>
  edge.callsTo('/tasks/heartbeat').filter((call) => call.answered).length;

export const ids = (held: readonly HeldTask[]) => held.map(({ task }) => task.taskId);
