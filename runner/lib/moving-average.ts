/** How much of the average a new value makes up. */
const WEIGHT = 0.25;

/** An exponential moving average. */
export class MovingAverage {
  #value: number | undefined;

  /** Undefined until a first value was recorded. */
  get value(): number | undefined {
    return this.#value;
  }

  record(value: number): void {
    this.#value = this.#value === undefined ? value : this.#value + WEIGHT * (value - this.#value);
  }
}
