import fc from 'fast-check';
import type { TaskState } from '../../../../contract/task.ts';
import { sorted } from '../real.ts';
import { both, command, maybe, often, place, type } from './command.ts';

/** A command for one task: usually a task of a recent grant, which may be running. */
const onTask = (name: 'cancel' | 'retry') =>
  fc.tuple(place, often(0.7)).map(([at, granted]) =>
    command(name, { at, granted }, (model, real) => {
      const { grants } = real;
      const grant = granted ? grants[grants.length - 1 - (at % grants.length)] : undefined;
      both(model, real, (calls) => calls[name](grant?.taskId ?? real.taskId(at)));
    }),
  );

export const cancel = onTask('cancel');
export const retry = onTask('retry');

export const retryMany = fc
  .record({
    state: fc.constantFrom('failed', 'cancelled'),
    type: fc.option(type, { nil: undefined }),
    sinceMs: fc.constantFrom(1000, 60_000, 10 ** 9),
    limit: fc.constantFrom(1, 2, 10),
    cursor: fc.option(place, { nil: undefined, freq: 4 }),
  })
  .map(({ sinceMs, cursor, ...args }) =>
    command('retryMany', { sinceMs, cursor, ...args }, (model, real) => {
      const filter = {
        ...args,
        since: real.now - sinceMs,
        cursor: cursor === undefined ? undefined : real.taskId(cursor),
      };
      both(model, real, (calls) => sorted(calls.retryMany(filter)));
    }),
  );

export const cancelMany = fc
  .record({
    states: maybe<TaskState[]>(['scheduled', 'ready'], ['leased']),
    type: fc.option(type, { nil: undefined }),
    tag: maybe('x', 'z'),
    from: fc.option(place, { nil: undefined, freq: 4 }),
    before: fc.option(place, { nil: undefined, freq: 4 }),
    limit: fc.constantFrom(1, 2),
  })
  .map(({ from, before, ...args }) =>
    command('cancelMany', { from, before, ...args }, (model, real) => {
      const filter = {
        ...args,
        from: from === undefined ? undefined : real.taskId(from),
        before: before === undefined ? undefined : real.taskId(before),
      };
      both(model, real, (calls) => calls.cancelMany(filter));
    }),
  );

export const pausing = fc
  .tuple(fc.constantFrom('pause', 'resume', 'resume'), type)
  .map(([name, type]) =>
    command(name, type, (model, real) => both(model, real, (calls) => calls[name](type))),
  );
