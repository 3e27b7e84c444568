import type { Call } from './calls.ts';
import type { Host } from './host.ts';
import { happens, type World } from './world.ts';

const SLOW_MS = 45_000;

/**
 * Delivers calls to the ledger and their answers. Both may be lost, or take so long that others overtake them. A
 * request may arrive twice, the second time much later. The caller gets at most one answer.
 */
export class Network {
  readonly #world: World;
  readonly #host: Host;

  constructor(world: World, host: Host) {
    this.#world = world;
    this.#host = host;
  }

  send<Answer>(call: Call<Answer>, answered: (answer: Answer) => void): void {
    let heard = false;
    const deliver = () => {
      const outcome = this.#host.handle(call);
      if (!outcome || happens(this.#world, 'answer lost', 0.04)) return;
      this.#world.clock.after(this.#latency(), () => {
        if (heard) return;
        heard = true;
        answered(outcome.answer);
      });
    };
    if (happens(this.#world, 'request duplicated', 0.04)) this.#world.clock.after(this.#latency(), deliver);
    if (!happens(this.#world, 'request lost', 0.04)) this.#world.clock.after(this.#latency(), deliver);
  }

  /** Milliseconds. */
  #latency(): number {
    const { random } = this.#world;
    return happens(this.#world, 'message slow', 0.03) ? random.int(1000, SLOW_MS) : random.int(2, 60);
  }
}
