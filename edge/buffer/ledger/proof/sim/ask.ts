import type { ClaimGrant, LedgerClaim } from '../../../../contract/ledger/leases.ts';
import * as calls from './calls.ts';
import type { Network } from './network.ts';
import { happens, note, type World } from './world.ts';

const ANSWER_TIMEOUT_MS = 2500;
const RECORD_DELAY_MS = 5000;

/** What a claim needs of the runner that makes it: timers and answers that end with the runner's life. */
export interface Asking {
  readonly world: World;
  readonly network: Network;
  after(ms: number, body: () => void): void;
}

/**
 * Repeats a claim until it is answered, or until the runner gives it up: then it releases the lease id, so that what the claim was or will be granted goes to others.
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

/** Releases a lease id until that is answered. */
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
 * The Consumer Worker reads the records of what was granted. A task whose record cannot be read goes back for
 * some seconds; the others are delivered.
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
