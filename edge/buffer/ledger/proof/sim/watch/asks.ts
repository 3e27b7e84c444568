import type { LeaseBeat, LedgerClaim, SettleReport } from '../../../../../contract/ledger/leases.ts';

/** The arguments of a call to the ledger that the watch checks. */
export interface Asks {
  taskIds?: readonly string[];
  leaseId?: string;
  wants?: LedgerClaim['wants'];
  beats?: readonly LeaseBeat[];
  reports?: readonly SettleReport[];
  window?: string;
}
