import fc from 'fast-check';
import { fromEnd, same, sorted } from '../real.ts';
import { both, command, maybe, often, place } from './command.ts';

const wants = fc.constantFrom<string[][]>(
  [['a', 'b', 'c']],
  [['c', 'b', 'a']],
  [['a'], ['b', 'c']],
  [['b', 'a'], ['c']],
  [['a']],
  [['b', 'nothing']],
);

export const claim = fc
  .record({
    repeats: fc.option(place, { freq: 4 }),
    wants,
    limit: fc.constantFrom(1, 2, 10),
    starts: maybe(undefined, 0, 1, 2),
    ahead: maybe({ a: 1 }, { a: 2, b: 1 }, { c: 9, b: 9 }, { a: 9, b: 9, c: 9 }),
    leaseSeconds: fc.constantFrom(30, 30, 5, 0.0005),
  })
  .map((args) =>
    command('claim', args, (model, real) => {
      const known = args.repeats === null ? undefined : fromEnd(real.leaseIds, args.repeats);
      const leaseId = known ?? real.newLeaseId();
      const order = {
        leaseId,
        runner: `runner of ${leaseId}`,
        leaseSeconds: args.leaseSeconds,
        wants: args.wants.map((types) => ({
          types,
          limit: args.limit,
          starts: args.starts,
          ahead: args.ahead,
        })),
      };
      const grant = real.ledger.claim(order);
      same('answer', grant, model.claim(order));
      real.grants.push(...grant.tasks.map(({ id }) => ({ taskId: id, leaseId })));
    }),
  );

export const claimOne = place.map((task) =>
  command('claimOne', task, (model, real) => {
    const grant = real.ledger.claimOne(real.taskId(task));
    const expected = model.claimOne(real.taskId(task));
    same('answer', withoutLease(grant), withoutLease(expected));
  }),
);

const withoutLease = (answer: object) => ({ ...answer, leaseId: 'an id of the ledger' });

/** Several runners in a row get tasks and disappear before they report a start. */
export const loseDeliveries = fc
  .record({ times: fc.constantFrom(1, 2, 3, 9, 10, 18, 19, 20, 21), drops: often(0.3) })
  .map((args) =>
    command('loseDeliveries', args, (model, real) => {
      for (let time = 0; time < args.times; time += 1) {
        const leaseId = real.newLeaseId();
        const ahead = { a: 2, b: 2, c: 2 };
        const wants = [{ types: ['a', 'b', 'c'], limit: 3, starts: 0, ahead }];
        both(model, real, (calls) =>
          calls.claim({ leaseId, runner: `runner of ${leaseId}`, leaseSeconds: 5, wants }),
        );
        if (!args.drops) real.now += 5000;
        both(model, real, (calls) =>
          args.drops ? sorted(calls.heartbeat([{ leaseId, holds: [] }])) : calls.tick(),
        );
        if (time < args.times - 1) real.now += Math.min(300, 2 ** time) * 1000;
      }
    }),
  );
