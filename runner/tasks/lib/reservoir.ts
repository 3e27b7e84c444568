/**
 * A uniform sample of a stream whose length is not known beforehand, held in bounded memory
 * (algorithm R, Vitter 1985).
 */
export class Reservoir<Item> {
  readonly items: Item[] = [];
  readonly #capacity: number;
  readonly #random: () => number;
  #seen = 0;

  /** @param random - numbers in [0, 1); a seeded source makes the sample reproducible. */
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
