import fc from 'fast-check';
import type { SettleReport } from '../../../../contract/ledger/leases.ts';
import { both, command, maybe, place } from './command.ts';

const success = fc.record({
  success: fc.constant(true),
  result: maybe('1', '"x"', 'null'),
  retry: fc.constant(undefined),
});
const failure = fc.record({
  success: fc.constant(false),
  error: fc.constantFrom(
    undefined,
    { code: 'broken', message: 'It broke' },
    { code: 'broken', message: 'It broke', retryable: true },
    { code: 'invalid', message: 'It is wrong', retryable: false },
  ),
  retry: maybe({}, { maxAttempts: 1 }, { maxAttempts: 5, backoff: { baseSeconds: 3 } }),
});

const report = fc.record({
  grant: place,
  otherLease: fc.option(place, { freq: 5 }),
  outcome: fc.oneof(success, failure),
});

export const settle = fc.array(report, { minLength: 1, maxLength: 3 }).map((reports) =>
  command('settle', reports, (model, real) => {
    const settled = reports.map(({ grant: at, otherLease, outcome }): SettleReport => {
      const { grants } = real;
      const grant = grants[grants.length - 1 - (at % grants.length)];
      const taskId = grant?.taskId ?? real.taskId(at);
      const leaseId = otherLease === null && grant ? grant.leaseId : real.leaseId(otherLease ?? at);
      return { taskId, leaseId, ...outcome };
    });
    both(model, real, (calls) => calls.settle(settled));
  }),
);

export const settleUnfenced = fc
  .tuple(place, fc.oneof(success, failure))
  .map(([task, { retry: _, ...outcome }]) =>
    command('settleUnfenced', { task, outcome }, (model, real) => {
      both(model, real, (calls) => calls.settleUnfenced({ taskId: real.taskId(task), ...outcome }));
    }),
  );
