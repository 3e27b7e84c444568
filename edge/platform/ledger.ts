import type { LedgerApi } from '../contract/ledger/api.ts';
import type { NewTask } from '../contract/ledger/tasks.ts';
import { split } from '../contract/parts.ts';

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

/** A call carries this much of the 32 MiB that it may: the size is an estimate, and a large call takes long. */
const CALL_BYTES = 8 * 1024 * 1024;
/** Other calls wait while the ledger works: with a million tasks in it, so many take about 30 ms. */
export const CALL_ITEMS = 300;

/**
 * Inserts tasks into the ledger, in as many calls as their size needs. A repeat inserts only what is missing.
 *
 * @returns `full` if the ledger had no room for all of them.
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

/** Cuts what is sent to the ledger, in its order, into what each call may carry. */
export function callsOf<Item>(items: readonly Item[], maxBytes = CALL_BYTES): Item[][] {
  return split(items, serializedBytes, { size: maxBytes, items: CALL_ITEMS });
}

const WIDE_CHARACTER = /[\u0100-\uffff]/;
/** What a value takes beside its characters, at most: tags, lengths, alignment, numbers. */
const VALUE_BYTES = 12;

/**
 * The most bytes that a JSON value takes in a call between workers (V8's serialization): a text takes one byte
 * a character, or two if any of them is above U+00FF.
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
