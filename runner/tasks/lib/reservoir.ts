/**
 * A uniform sample of a stream of unknown length. Its memory is bounded (algorithm R, Vitter 1985).
 */
export class Reservoir<Item> {
  readonly items: Item[] = [];
  readonly #capacity: number;
  readonly #random: () => number;
  #seen = 0;

  /** @param random - returns numbers in [0, 1). A seeded source makes the sample reproducible. */
  constructor(capacity: number, random: () => number) {
    this.#capacity = capacity;
    this.#random = random;
  }

  add(item: Item): void {
    this.#seen += 1;
    if (this.items.length < this.#capacity) {
      this.items.push(item);
      return;
    }
    const slot = Math.floor(this.#random() * this.#seen);
    if (slot < this.#capacity) this.items[slot] = item;
  }
}
