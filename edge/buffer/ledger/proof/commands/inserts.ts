import fc from 'fast-check';
import type { NewTask } from '../../../../contract/ledger/tasks.ts';
import { fromEnd } from '../real.ts';
import { both, command, maybe, place, type } from './command.ts';

const taskSpec = fc.record({
  type,
  priority: fc.constantFrom(0, 0, 0, -1, 5),
  ageMs: fc.constantFrom(0, 0, 0, 1000, 70_000),
  delayMs: maybe(undefined, undefined, undefined, -5000, 0, 1, 1000, 20_000, 120_000),
  maxAttempts: maybe(1, 2, 4, 12),
  backoff: maybe({ baseSeconds: 0 }, { baseSeconds: 10, capSeconds: 15 }, { capSeconds: 2 }),
  timeoutSeconds: maybe(10, 400),
  tags: maybe(['x', 'y']),
  repeats: fc.option(place, { freq: 6 }),
});

export const insert = fc.array(taskSpec, { minLength: 1, maxLength: 4 }).map((specs) =>
  command('insert', specs, (model, real) => {
    const tasks = specs.map(({ ageMs, delayMs, repeats, ...spec }): NewTask => {
      const known = repeats === null ? undefined : fromEnd(real.taskIds, repeats);
      const runAt = delayMs === undefined ? undefined : real.now + delayMs;
      return { ...spec, id: known ?? real.newTaskId(ageMs), runAt, payload: `{"of":"${spec.type}"}` };
    });
    // If a task occurs twice in one call, both have the same data, as in a repeated delivery.
    const asFirst = tasks.flatMap((task) => tasks.find(({ id }) => id === task.id) ?? []);
    real.ledger.insert(asFirst);
    model.insert(asFirst);
  }),
);

export const insertFailed = fc.option(place).map((repeats) =>
  command('insertFailed', repeats, (model, real) => {
    const id = (repeats === null ? undefined : fromEnd(real.taskIds, repeats)) ?? real.newTaskId(0);
    both(model, real, (calls) =>
      calls.insertFailed({ id, type: 'a', payload: '{}', reason: 'No such field' }),
    );
  }),
);
