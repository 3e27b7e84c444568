import { eachOperation, type OperationName, type Operations } from './operations.ts';

/** Counts what one worker, and the Durable Object in it, is billed for. */
export class Counters {
  readonly counts: Operations = eachOperation(() => 0);

  add(name: OperationName, count = 1): void {
    this.counts[name] += count;
  }

  /** Notes how large the ledger's database is now. */
  setLedgerBytes(bytes: number): void {
    this.counts.ledgerBytes = bytes;
  }
}
