import {
  Claim,
  ClaimRequest,
  HeartbeatAnswer,
  HeartbeatRequest,
  Released,
  ReleaseRequest,
} from '../contract/buffer.ts';
import type { ClaimGrant } from '../contract/ledger/leases.ts';
import type { WorkRow } from '../contract/ledger/tasks.ts';
import { DEFAULT_LEASE_SECONDS, MAX_READY_COUNT } from '../contract/limits.ts';
import { iso } from '../contract/time.ts';
import { ENDED_AT, LEASE_ID, RUNNER, TASK_ID } from '../http/examples.ts';
import { readBody } from '../http/input.ts';
import { callsOf, ledgerOf } from '../platform/ledger.ts';
import { logOf, shown } from '../platform/log.ts';
import type { BufferRoute } from './env.ts';
import { CLAIMED } from './examples.ts';
import type { TypesWanted } from './payloads/claim-reads.ts';
import { claimedPayloads } from './payloads/claimed.ts';
import { claimedTaskJson } from './views.ts';

/** Maximum size of a heartbeat call. It contains about 5,000 tasks, and the ledger reads each of them. */
const BEAT_CALL_BYTES = 256 * 1024;

/** `POST /tasks/claim`. */
export const claimTasks: BufferRoute = [
  {
    name: 'claimTasks',
    summary: 'Claim tasks under a lease',
    description:
      'The client creates the lease id, a UUID. A repeated claim with the same lease id returns the tasks that the lease still holds, and no new tasks.',
    tag: 'Runners',
    tokens: ['runner'],
    body: {
      schema: ClaimRequest,
      example: {
        leaseId: LEASE_ID,
        runner: RUNNER,
        wants: [{ types: ['email'], limit: 10 }],
        leaseSeconds: 30,
      },
    },
    answer: { schema: Claim, example: { tasks: [CLAIMED], leaseExpiresAt: ENDED_AT, ready: 0 } },
    errors: [],
  },
  async (c) => {
    const { leaseSeconds = DEFAULT_LEASE_SECONDS, ...request } = readBody(c, ClaimRequest);
    const grant = await ledgerOf(c.env).claim({ ...request, leaseSeconds });
    const large = grant.tasks.filter((task) => typeof task !== 'string');
    const { filled, postponed } = await claimedPayloads(c.env, request.leaseId, large, request.wants);
    const byId = new Map(filled.map((task) => [task.id, claimedTaskJson(task)]));
    const tasks = grant.tasks.flatMap((task) =>
      typeof task === 'string' ? task : (byId.get(task.id) ?? []),
    );
    const rest: Omit<Claim, 'tasks'> = {
      leaseExpiresAt: iso(grant.expiresAt),
      ...leftBy(request.wants, grant, postponed),
      spaceMs: grant.spaceMs,
    };
    const text = `${JSON.stringify(rest).slice(0, -1)},"tasks":[${tasks.join(',')}]}`;
    return c.body(text, 200, { 'Content-Type': 'application/json' });
  },
];

/** What is ready after a claim, including the postponed tasks. For a runner, these were never granted. */
function leftBy(
  wants: readonly TypesWanted[],
  { ready, next }: Pick<ClaimGrant, 'ready' | 'next'>,
  postponed: readonly WorkRow[],
): Pick<Claim, 'ready' | 'next'> {
  const heads = wants.map(({ types }, index) => {
    const head = next[index] ?? null;
    const back = postponed.find(({ type }) => types.includes(type));
    return back && (head === null || head.priority < back.priority)
      ? { priority: back.priority, runAt: back.receivedAt }
      : head;
  });
  return {
    ready: Math.min(ready + postponed.length, MAX_READY_COUNT),
    next: heads.map((head) => head && { ...head, runAt: iso(head.runAt) }),
  };
}

/** `POST /tasks/heartbeat`. */
export const renewLeases: BufferRoute = [
  {
    name: 'renewLeases',
    summary: 'Renew leases and report progress',
    description: 'The queue immediately takes back the tasks of these leases that the request does not list.',
    tag: 'Runners',
    tokens: ['runner'],
    body: {
      schema: HeartbeatRequest,
      example: {
        leases: [{ leaseId: LEASE_ID, holds: [TASK_ID], progress: [{ taskId: TASK_ID, value: 0.5 }] }],
      },
    },
    answer: {
      schema: HeartbeatAnswer,
      example: { extended: [{ leaseId: LEASE_ID, expiresAt: ENDED_AT }], lost: [], cancelled: [] },
    },
    errors: [],
  },
  async (c) => {
    const { leases } = readBody(c, HeartbeatRequest);
    const beats = leases.map(({ progress, ...lease }) => ({
      ...lease,
      progress: progress?.map(({ taskId, value }) => ({ taskId, value: JSON.stringify(value) })),
    }));
    const ledger = ledgerOf(c.env);
    const answers = await Promise.all(
      callsOf(beats, BEAT_CALL_BYTES).map((portion) => ledger.heartbeat(portion)),
    );
    const result = {
      extended: answers.flatMap(({ extended }) => extended),
      lost: answers.flatMap(({ lost }) => lost),
      cancelled: answers.flatMap(({ cancelled }) => cancelled),
    };
    if (result.lost.length > 0) {
      const lost = new Set(result.lost);
      const of = leases.filter(({ holds }) => holds.some((id) => lost.has(id)));
      logOf(c.env).warn('A runner reports tasks that its leases no longer hold', {
        leaseIds: shown(of.map(({ leaseId }) => leaseId)),
        count: lost.size,
        taskIds: shown(result.lost),
      });
    }
    const extended = result.extended.map(({ leaseId, expiresAt }) => ({
      leaseId,
      expiresAt: iso(expiresAt),
    }));
    const answer: HeartbeatAnswer = { ...result, extended };
    return c.json(answer);
  },
];

/** `POST /tasks/release`. */
export const releaseTasks: BufferRoute = [
  {
    name: 'releaseTasks',
    summary: 'Release tasks that have not started, without using an attempt',
    tag: 'Runners',
    tokens: ['runner'],
    body: { schema: ReleaseRequest, example: { leaseId: LEASE_ID, taskIds: [TASK_ID] } },
    answer: { schema: Released, example: { success: true, released: [TASK_ID] } },
    errors: [],
  },
  async (c) => {
    const { leaseId, taskIds } = readBody(c, ReleaseRequest);
    const ledger = ledgerOf(c.env);
    const released = taskIds
      ? (await Promise.all(callsOf(taskIds).map((portion) => ledger.release(leaseId, portion)))).flat()
      : await ledger.releaseLease(leaseId);
    logOf(c.env).debug('Tasks were given back', () => ({
      leaseId,
      count: released.length,
      taskIds: shown(released),
    }));
    return c.json({ success: true, released });
  },
];
