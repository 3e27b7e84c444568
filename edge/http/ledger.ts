import type { LedgerApi } from '../contract/ledger.ts';
import { shardOf } from '../contract/task-id.ts';

/** The binding through which a worker reaches the ledgers. */
export type LedgerNamespace = DurableObjectNamespace<LedgerApi & Rpc.DurableObjectBranded>;

/** New submissions go to this ledger; there is one for now. */
export const CURRENT_SHARD = 0;

/** The ledger that owns a shard's tasks. */
export function ledgerOf(namespace: LedgerNamespace, shard: number) {
  return namespace.getByName(`shard-${shard}`);
}

/** The ledger that owns a task. */
export function ledgerOfTask(namespace: LedgerNamespace, taskId: string) {
  return ledgerOf(namespace, shardOf(taskId));
}
