interface Due {
  at: number;
  order: number;
  run: () => void;
}

/** Virtual time. Due events run in the order of their time. Events of the same time run in order of creation. */
export class Clock {
  /** Unix milliseconds. */
  now: number;
  #made = 0;
  /** A binary heap with the next event first. */
  readonly #due: Due[] = [];

  constructor(now: number) {
    this.now = now;
  }

  after(ms: number, run: () => void): void {
    const due = { at: this.now + ms, order: this.#made++, run };
    const heap = this.#due;
    let index = heap.push(due) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (!above || precedes(above, due)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = due;
  }

  /** Runs events until `done` returns true, or until the time `until`. Returns false if that time came first. */
  runUntil(done: () => boolean, until: number): boolean {
    while (!done()) {
      const next = this.#due[0];
      if (!next || next.at > until) {
        this.now = until;
        return done();
      }
      this.#removeFirst();
      this.now = next.at;
      next.run();
    }
    return true;
  }

  #removeFirst(): void {
    const heap = this.#due;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const [left, right] = [heap[2 * index + 1], heap[2 * index + 2]];
      if (!left) break;
      const [child, at] = right && precedes(right, left) ? [right, 2 * index + 2] : [left, 2 * index + 1];
      if (precedes(last, child)) break;
      heap[index] = child;
      index = at;
    }
    heap[index] = last;
  }
}

function precedes(a: Due, b: Due): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
