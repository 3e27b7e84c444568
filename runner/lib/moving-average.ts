/** The weight of a new value in the average. */
const WEIGHT = 0.25;

/** An exponential moving average. */
export class MovingAverage {
  #value: number | undefined;

  /** Undefined until the first value is recorded. */
  get value(): number | undefined {
    return this.#value;
  }

  record(value: number): void {
    this.#value = this.#value === undefined ? value : this.#value + WEIGHT * (value - this.#value);
  }
}
