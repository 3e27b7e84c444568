import type { LedgerApi } from '../contract/ledger/api.ts';
import type { NewTask } from '../contract/ledger/tasks.ts';
import { split } from '../contract/parts.ts';
import { CURRENT_SHARD } from '../contract/task-id.ts';

/** The binding through which a worker calls the ledgers. */
export type LedgerNamespace = DurableObjectNamespace<LedgerApi & Rpc.DurableObjectBranded>;

/** The ledger of this deployment. */
export function ledgerOf<Api extends Rpc.DurableObjectBranded>({
  LEDGER,
}: {
  LEDGER: DurableObjectNamespace<Api>;
}) {
  return LEDGER.getByName(`shard-${CURRENT_SHARD}`);
}

/** Maximum size of a call. RPC allows 32 MiB, but the size is an estimate and large calls are slow. */
const CALL_BYTES = 8 * 1024 * 1024;
/** Maximum number of items of a call. Other calls wait meanwhile: 300 items take 30 ms at a million tasks. */
export const CALL_ITEMS = 300;

/**
 * Inserts tasks into the ledger, in several calls if they are large. A repeat inserts only the missing tasks.
 *
 * @returns `full` if the ledger had no capacity for all of them.
 */
export async function insertTasks(
  env: { LEDGER: LedgerNamespace },
  tasks: readonly NewTask[],
): Promise<{ full: boolean }> {
  const ledger = ledgerOf(env);
  for (const portion of callsOf(tasks)) {
    const { full } = await ledger.insert(portion);
    if (full) return { full };
  }
  return { full: false };
}

/** Splits items in order into calls to the ledger that stay within the size limits. */
export function callsOf<Item>(items: readonly Item[], maxBytes = CALL_BYTES): Item[][] {
  return split(items, serializedBytes, { size: maxBytes, items: CALL_ITEMS });
}

const WIDE_CHARACTER = /[\u0100-\uffff]/;
/** The maximum size of a value without its characters: tags, lengths, alignment, numbers. */
const VALUE_BYTES = 12;

/**
 * The maximum size of a JSON value in a call between workers (V8's serialization), in bytes. A text takes one
 * byte for each character, or two if any character is above U+00FF.
 */
export function serializedBytes(value: unknown): number {
  if (typeof value === 'string') {
    return VALUE_BYTES + value.length * (WIDE_CHARACTER.test(value) ? 2 : 1);
  }
  if (typeof value !== 'object' || value === null) return VALUE_BYTES;
  return Object.entries(value).reduce(
    (sum, [key, one]) => sum + serializedBytes(key) + serializedBytes(one),
    VALUE_BYTES,
  );
}
