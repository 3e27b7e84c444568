/** A step has used up its KV operations in this run of the cron job. The next run continues it. */
export class BudgetSpent extends Error {}

/** The KV operations that a step may use. Cloudflare allows 1,000 in one invocation. */
export class Budget {
  #left: number;

  constructor(operations: number) {
    this.#left = operations;
  }

  /** @throws {BudgetSpent} */
  spend(): void {
    if (this.#left === 0) throw new BudgetSpent('No KV operation is left for this step');
    this.#left -= 1;
  }
}
