import type { ClaimGrant, ClaimOrder } from '../../contract/ledger.ts';

/** Stands for the types of a runner that has more than can be kept. */
export const ANY_TYPE = 'any';

/** What a runner would have taken and its last claim did not find. */
export interface Hunger {
  readonly types: readonly string[] | typeof ANY_TYPE;
  readonly missing: number;
}

/** A runner's wake socket. */
export interface Listener {
  readonly runner: string;
  /** Null while its runner needs no wake: it has been woken, or was given all that it asked for. */
  hunger: Hunger | null;
  wake(): void;
}

/** A woken runner counts as coming for its work this long. */
const PROMISE_MS = 2000;

interface Promised extends Hunger {
  readonly runner: string;
  readonly until: number;
}

/**
 * Decides which runners to wake: those whose last claim left them hungry, and only as many as there is work
 * for. The hungriest come first, so that work spreads over the runners.
 */
export class Waker {
  /** Work that runners were woken for and have not claimed yet. */
  #promised: Promised[] = [];

  /** A runner has claimed: it is hungry where it was given the last that there was. */
  note(listeners: readonly Listener[], { runner, wants }: ClaimOrder, { tasks, ready }: ClaimGrant): void {
    this.#promised = this.#promised.filter((promised) => promised.runner !== runner);
    const wanted = wants.reduce((sum, { limit }) => sum + limit, 0);
    const types = wants.flatMap((want) => want.types);
    const hunger = ready > 0 ? null : { types, missing: Math.max(1, wanted - tasks.length) };
    for (const listener of listeners) listener.hunger = hunger;
  }

  /**
   * Something may have become ready.
   *
   * @param countReady how many tasks of these types are ready, counted up to a limit.
   * @param now Unix milliseconds.
   */
  wake(
    listeners: readonly Listener[],
    countReady: (types: Hunger['types'], limit: number) => number,
    now: number,
  ): void {
    const hungry = listeners.flatMap((listener) =>
      listener.hunger ? [{ listener, hunger: listener.hunger }] : [],
    );
    if (hungry.length === 0) return;
    this.#promised = this.#promised.filter(({ until }) => until > now);
    for (const { listener, hunger } of hungry.toSorted((a, b) => b.hunger.missing - a.hunger.missing)) {
      const promised = this.#promisedOf(hunger.types);
      if (countReady(hunger.types, promised + 1) <= promised) continue;
      listener.hunger = null;
      listener.wake();
      this.#promised.push({ ...hunger, runner: listener.runner, until: now + PROMISE_MS });
    }
  }

  #promisedOf(types: Hunger['types']): number {
    return this.#promised
      .filter((promised) => overlap(promised.types, types))
      .reduce((sum, { missing }) => sum + missing, 0);
  }
}

function overlap(a: Hunger['types'], b: Hunger['types']): boolean {
  return a === ANY_TYPE || b === ANY_TYPE || a.some((type) => b.includes(type));
}
