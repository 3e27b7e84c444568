/** The limits of a part of a list. */
export interface PartLimits {
  /** The total size of the items, in any unit. A part of one item may be larger. */
  readonly size: number;
  /** Number of items. No limit by default. */
  readonly items?: number;
}

/** Collects items in order into parts that stay within the limits. */
export class PartCollector<Item> {
  readonly #maxSize: number;
  readonly #maxItems: number;
  #part: Item[] = [];
  #size = 0;

  constructor({ size, items = Number.POSITIVE_INFINITY }: PartLimits) {
    this.#maxSize = size;
    this.#maxItems = items;
  }

  /**
   * Adds an item. Returns the part that is complete: the one before if the item does not fit in it, or the one that
   * has its last item now.
   */
  add(item: Item, size: number): Item[] | undefined {
    const before = this.#size + size > this.#maxSize ? this.rest() : undefined;
    this.#part.push(item);
    this.#size += size;
    return before ?? (this.#part.length === this.#maxItems ? this.rest() : undefined);
  }

  /** Returns the last part, if it has items. */
  rest(): Item[] | undefined {
    const part = this.#part;
    this.#part = [];
    this.#size = 0;
    return part.length > 0 ? part : undefined;
  }
}

/** Splits a list in order into parts that stay within the limits. */
export function split<Item>(
  items: Iterable<Item>,
  sizeOf: (item: Item) => number,
  limits: PartLimits,
): Item[][] {
  const collector = new PartCollector<Item>(limits);
  const parts: Item[][] = [];
  for (const item of items) {
    const complete = collector.add(item, sizeOf(item));
    if (complete) parts.push(complete);
  }
  const rest = collector.rest();
  return rest ? [...parts, rest] : parts;
}

/** The first items of a list that together take at most `maxBytes`; at least one unless the list is empty. */
export function firstPart<Item extends { readonly bytes: number }>(
  items: readonly Item[],
  maxBytes: number,
): Item[] {
  let total = 0;
  const end = items.findIndex(({ bytes }, index) => {
    total += bytes;
    return index > 0 && total > maxBytes;
  });
  return items.slice(0, end === -1 ? items.length : end);
}
