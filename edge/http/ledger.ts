import type { LedgerApi } from '../contract/ledger.ts';

/** The binding through which a worker reaches the ledgers. */
export type LedgerNamespace = DurableObjectNamespace<LedgerApi & Rpc.DurableObjectBranded>;

/** The shard that submissions go to; there is one for now, so it owns every task. */
export const CURRENT_SHARD = 0;

/** The ledger of this deployment. */
export function ledgerOf<Api extends Rpc.DurableObjectBranded>({
  LEDGER,
}: {
  LEDGER: DurableObjectNamespace<Api>;
}) {
  return LEDGER.getByName(`shard-${CURRENT_SHARD}`);
}
