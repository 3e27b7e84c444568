import fc from 'fast-check';
import type { Calls } from '../calls.ts';
import type { Model } from '../model/model.ts';
import { compare, type Real, same, text } from '../real.ts';

/**
 * The random calls of a property. Each is made to the ledger and to the model. After every call:
 *
 * - both have returned the same answer;
 * - both find the same data of every known task, and return the same lists;
 * - the same leases hold the same tasks, and the same leases are open until the same time;
 * - both have the same time for the next tick and the same order of claims.
 *
 * Commands identify tasks and leases by their position from the end, so that a command is still valid when
 * earlier commands are removed. The random number is constant during a call, so that the order of its uses does
 * not matter.
 */
export type Command = fc.Command<Model, Real>;

/** Creates a command from a name, arguments and a function. */
export function command(name: string, args: unknown, run: (model: Model, real: Real) => void): Command {
  return {
    check: () => true,
    run(model, real) {
      run(model, real);
      compare(model, real);
    },
    toString: () => `${name}(${text(args) ?? ''})`,
  };
}

/** Makes the same call to both and compares the answers. */
export function both(model: Model, real: Real, call: (calls: Calls) => unknown): void {
  same('answer', call(real.ledger), call(model));
}

/** A position from the end: usually a recent item, sometimes any item. */
export const place = fc.oneof(
  { weight: 5, arbitrary: fc.nat({ max: 2 }) },
  { weight: 1, arbitrary: fc.nat({ max: 19 }) },
);
export const maybe = <Value>(...values: Value[]) => fc.constantFrom(undefined, ...values);
export const often = (probability: number) => fc.nat({ max: 99 }).map((n) => n < 100 * probability);
export const type = fc.constantFrom('a', 'b', 'c');

/** The items whose bit is set in `bits`. Only the first 32 items have a bit. */
export function pickBits<Item>(items: readonly Item[], bits: number): Item[] {
  return items.filter((_, index) => (bits & (1 << index)) !== 0);
}
