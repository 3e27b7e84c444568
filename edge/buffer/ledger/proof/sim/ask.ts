import type { ClaimGrant, LedgerClaim } from '../../../../contract/ledger/leases.ts';
import * as calls from './calls.ts';
import type { Network } from './network.ts';
import { happens, note, type World } from './world.ts';

const ANSWER_TIMEOUT_MS = 2500;
const RECORD_DELAY_MS = 5000;

/** The parts of a runner that a claim needs. Its timers and answers end when the runner dies. */
export interface Asking {
  readonly world: World;
  readonly network: Network;
  after(ms: number, body: () => void): void;
}

/**
 * Repeats a claim until it is answered or the runner gives it up. A runner that gives up releases the lease id, so
 * that tasks that the claim was or will be granted go to other runners.
 */
export function ask(
  asking: Asking,
  order: LedgerClaim,
  answered: (grant: ClaimGrant) => void,
  gaveUp: () => void,
): void {
  let open = true;
  const close = (then: () => void) => {
    if (!open) return;
    open = false;
    then();
  };
  claimThroughConsumer(asking, order, (grant) => asking.after(0, () => close(() => answered(grant))));
  asking.after(ANSWER_TIMEOUT_MS, () =>
    close(() => {
      if (asking.world.random.chance(0.7)) ask(asking, order, answered, gaveUp);
      else {
        note(asking.world, 'claim given up');
        giveUp(asking, order.leaseId);
        gaveUp();
      }
    }),
  );
}

/** Releases a lease id, and repeats this until it is answered. */
function giveUp(asking: Asking, leaseId: string): void {
  let isOpen = true;
  asking.network.send(calls.releaseLease(leaseId), () => {
    isOpen = false;
  });
  asking.after(ANSWER_TIMEOUT_MS, () => {
    if (isOpen) giveUp(asking, leaseId);
  });
}

/**
 * The Consumer Worker reads the records of the granted tasks. It releases a task for some seconds if the record
 * cannot be read, and delivers the others.
 */
function claimThroughConsumer(
  { world, network }: Asking,
  order: LedgerClaim,
  answered: (grant: ClaimGrant) => void,
): void {
  network.send(calls.claim(order), (grant) => {
    const unreadable = new Set(grant.tasks.filter(() => happens(world, 'record unreadable', 0.02)));
    if (unreadable.size > 0) {
      const ids = [...unreadable].map((task) => task.id);
      network.send(calls.release(order.leaseId, ids, RECORD_DELAY_MS), () => {});
    }
    answered({ ...grant, tasks: grant.tasks.filter((task) => !unreadable.has(task)) });
  });
}
