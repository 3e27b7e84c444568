/** Buckets grow by this factor, so values are accurate to a tenth. */
const GROWTH = 1.2;

/** Counts how often values of each size occurred. */
export class Histogram {
  readonly #buckets: Map<number, number>;

  /** @param json a result of {@link toJson}. */
  constructor(json = '{}') {
    const stored: Record<string, number> = JSON.parse(json);
    this.#buckets = new Map(Object.entries(stored).map(([bucket, count]) => [Number(bucket), count]));
  }

  get isEmpty(): boolean {
    return this.#buckets.size === 0;
  }

  /** @param value a number of at least 0. A negative number counts as 0. */
  add(value: number): void {
    this.#count(Math.round(Math.log1p(Math.max(0, value)) / Math.log(GROWTH)), 1);
  }

  /** Adds the values of another histogram. */
  merge(other: Histogram): void {
    for (const [bucket, count] of other.#buckets) this.#count(bucket, count);
  }

  /** The value that the given share of all values, from 0 to 1, does not exceed; 0 if there are no values. */
  quantile(share: number): number {
    const total = [...this.#buckets.values()].reduce((sum, count) => sum + count, 0);
    let rest = share * total;
    for (const [bucket, count] of [...this.#buckets].sort(([a], [b]) => a - b)) {
      rest -= count;
      if (rest <= 0) return Math.round(GROWTH ** bucket - 1);
    }
    return 0;
  }

  toJson(): string {
    return JSON.stringify(Object.fromEntries(this.#buckets));
  }

  #count(bucket: number, count: number): void {
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + count);
  }
}
