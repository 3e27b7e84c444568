import fc from 'fast-check';
import { both, command } from './command.ts';

const chance = fc.constantFrom(0, 0.25, 0.5, 0.999_999);

export const pass = fc
  .tuple(
    fc.oneof(
      { weight: 4, arbitrary: fc.nat({ max: 5000 }) },
      { weight: 2, arbitrary: fc.integer({ min: 5000, max: 40_000 }) },
      { weight: 1, arbitrary: fc.constantFrom(120_000, 300_000, 600_000, 3_600_000, 86_400_000) },
    ),
    chance,
  )
  .map(([ms, next]) =>
    command('pass', { ms, chance: next }, (_, real) => {
      real.now += ms;
      real.chance = next;
    }),
  );

/** Moves the time to the next tick, or to one millisecond before or after it. */
export const passToTick = fc.tuple(fc.constantFrom(-1, 0, 0, 1), chance).map(([offset, next]) =>
  command('passToTick', { offset, chance: next }, (model, real) => {
    real.now = Math.max(real.now, (model.nextTickAt() ?? real.now) + offset);
    real.chance = next;
  }),
);

export const tick = fc.constant(
  command('tick', undefined, (model, real) => both(model, real, (calls) => calls.tick())),
);

export const restart = fc.constant(
  command('restart', undefined, (model, real) => {
    real.restart();
    model.restart();
  }),
);
