import type { LeaseBeat, LedgerClaim, SettleReport } from '../../../../../contract/ledger/leases.ts';

/** What a call to the ledger asks for, as far as the watch checks it. */
export interface Asks {
  taskIds?: readonly string[];
  leaseId?: string;
  wants?: LedgerClaim['wants'];
  beats?: readonly LeaseBeat[];
  reports?: readonly SettleReport[];
  window?: string;
}
