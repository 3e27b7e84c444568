import fc from 'fast-check';
import type { Calls } from '../calls.ts';
import type { Model } from '../model/model.ts';
import { compare, type Real, same, text } from '../real.ts';

/**
 * The calls that a property makes at random, each to the ledger and to the model. After every one of them:
 *
 * - the two gave the same answer;
 * - they find the same of every task that was ever named, and list the same;
 * - the same lease holds the same task, and the same leases are open until the same time;
 * - they would wake at the same time, and claim in the same order.
 *
 * Commands name what exists by its place from the end, so that they still mean something when others before
 * them are taken away. Chance is constant within a call: what it is used for in which order is nobody's
 * business.
 */
export type Command = fc.Command<Model, Real>;

/** A command of a name and arguments. */
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

/** Mostly what is recent, now and then anything. */
export const place = fc.oneof(
  { weight: 5, arbitrary: fc.nat({ max: 2 }) },
  { weight: 1, arbitrary: fc.nat({ max: 19 }) },
);
export const maybe = <Value>(...values: Value[]) => fc.constantFrom(undefined, ...values);
export const often = (probability: number) => fc.nat({ max: 99 }).map((n) => n < 100 * probability);
export const type = fc.constantFrom('a', 'b', 'c');

/** The items whose place among the first 32 has its bit set. */
export function pickBits<Item>(items: readonly Item[], bits: number): Item[] {
  return items.filter((_, index) => (bits & (1 << index)) !== 0);
}
