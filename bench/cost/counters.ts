import { eachOperation, type OperationName, type Operations } from './operations.ts';

/** Counts the billed operations of one worker and the Durable Object in it. */
export class Counters {
  readonly counts: Operations = eachOperation(() => 0);

  add(name: OperationName, count = 1): void {
    this.counts[name] += count;
  }

  /** Sets the current size of the ledger's database. */
  setLedgerBytes(bytes: number): void {
    this.counts.ledgerBytes = bytes;
  }
}
