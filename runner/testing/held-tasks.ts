import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { z } from 'zod';
import type { ClaimedTask } from '../../edge/contract/buffer.ts';
import { newSubmission, taskIdAt } from '../../edge/contract/task-id.ts';
import type { TaskEntry } from '../catalog/catalog.ts';
import type { GrantedTask, HeldTask } from '../held-task.ts';
import type { Lane } from '../task.ts';
import type { Job } from '../threads/thread-protocol.ts';
import type { Behaviour } from './fixtures/lib/behave.ts';

export const FIXTURES = join(import.meta.dirname, 'fixtures');

export type Order = z.input<typeof Behaviour>;

export function newTaskId(): string {
  return taskIdAt(newSubmission(Date.now(), 0, randomBytes(6)), 0);
}

/** The fixture of a lane, as an entry of the catalog. */
export function fixtureEntry(lane: Lane): TaskEntry {
  const file = join(FIXTURES, `${lane}-fixture.ts`);
  return { type: `${lane}-fixture`, lane, file, module: pathToFileURL(file).href, memoryMb: 1024 };
}

/** A task as the answer to a claim contains it. */
export function claimedTask(type: string, payload: unknown, rest: Partial<ClaimedTask> = {}): ClaimedTask {
  const taskId = rest.taskId ?? newTaskId();
  const now = new Date().toISOString();
  return {
    taskId,
    id: taskId,
    type,
    payload,
    createdAt: now,
    receivedAt: now,
    claimedAt: now,
    status: 'processing',
    attempt: 1,
    maxAttempts: 3,
    ...rest,
  };
}

/** The same task as the runner holds it. */
export function grantedTask(type: string, given: unknown, rest: Partial<ClaimedTask> = {}): GrantedTask {
  const { payload, ...task } = claimedTask(type, given, rest);
  return { ...task, payloadText: JSON.stringify(payload) };
}

/** A task to pass to a lane. */
export function heldTask(
  order: Order,
  { lane = 'cpu', leaseId = randomUUID(), readAhead = true, ...rest }: HeldTaskOptions = {},
): HeldTask {
  const entry = fixtureEntry(lane);
  const task = grantedTask(entry.type, order, rest);
  return { task, leaseId, entry, arrivedAt: performance.now(), readAhead };
}

export type HeldTaskOptions = Partial<ClaimedTask> & { lane?: Lane; leaseId?: string; readAhead?: boolean };

let jobs = 0;

/** A job to pass to a pool. */
export function job(order: Order | Record<string, unknown>, taskId: string = newTaskId()): Job {
  jobs += 1;
  const { module } = fixtureEntry('cpu');
  return {
    id: jobs,
    taskId,
    leaseId: randomUUID(),
    attempt: 1,
    module,
    payloadText: JSON.stringify(order),
    timeoutSeconds: undefined,
    schedule: undefined,
    dataDir: '/data',
    env: {},
  };
}
