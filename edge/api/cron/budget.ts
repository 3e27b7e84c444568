/** A run of the cron job has no KV operation left for a step; the next run goes on. */
export class BudgetSpent extends Error {}

/** How many KV operations a step may take, of the 1,000 that Cloudflare lets one invocation have. */
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
