import fc from 'fast-check';
import type { PerType } from '../../../../contract/per-type.ts';
import { windowEnd } from '../../../../contract/task-id.ts';
import { sorted } from '../real.ts';
import { both, command, often, place } from './command.ts';

const retention = fc.constantFrom<PerType>(
  { default: 0, types: {} },
  { default: 60_000, types: {} },
  { default: 60_000, types: { b: 0, c: 3_600_000 } },
);

export const archiving = fc
  .record({
    call: fc.constantFrom('seal', 'seal', 'archivePage', 'markArchived', 'purge'),
    window: place,
    retention,
    round: fc.constantFrom(0, 0, 1),
    end: fc.record({ tasks: fc.nat({ max: 1 }), upTo: fc.option(place, { nil: null }) }),
  })
  .map((args) =>
    command('archiving', args, (model, real) => {
      const window = real.window(args.window);
      const upTo = args.end.upTo === null ? null : real.taskId(args.end.upTo);
      both(model, real, (calls) => {
        switch (args.call) {
          case 'seal':
            return calls.seal(window, args.retention);
          case 'archivePage':
            return calls.archivePage(window, args.round, '', 10 ** 6);
          case 'markArchived':
            return calls.markArchived(window, args.round, { ...args.end, upTo });
          case 'purge':
            return calls.purge(window);
        }
      });
    }),
  );

/** All steps of an archive round, so that some rows are purged. Between the steps, tasks end or are dropped. */
export const archive = fc
  .record({
    window: place,
    kept: retention,
    offset: fc.constantFrom(-1, 0, 0),
    splits: often(0.2),
    cancelled: fc.option(place),
    dropped: fc.option(place),
  })
  .map((args) =>
    command('archive', args, (model, real) => {
      const { kept, offset, cancelled, dropped } = args;
      const window = real.window(args.window);
      real.now = Math.max(real.now, windowEnd(window) + 120_000);
      both(model, real, (calls) => calls.seal(window, kept));
      if (cancelled !== null) both(model, real, (calls) => calls.cancel(real.taskId(cancelled)));
      if (dropped !== null) {
        const leaseId = real.grantedLease(dropped);
        both(model, real, (calls) => sorted(calls.releaseLease(leaseId)));
      }
      const round = model.openSeals(1000).find((seal) => seal.window === window)?.round ?? 0;
      both(model, real, (calls) => calls.archivePage(window, round, '', 10 ** 6));
      const ids = (model.archivePage(window, round)?.tasks ?? []).map((task) => task.id);
      const upTo = args.splits ? (ids[0] ?? null) : null;
      both(model, real, (calls) => calls.markArchived(window, round, { tasks: ids.length, upTo }));
      real.now += 300_000 + offset;
      both(model, real, (calls) => calls.purge(window));
    }),
  );

/** Records that the archive of a window or the sweep of a submission fails, or clears the failure. */
export const failing = fc
  .tuple(fc.constantFrom('noteFailure', 'noteFailure', 'clearFailure'), often(0.5), place)
  .map(([name, isSweep, at]) =>
    command(name, { isSweep, at }, (model, real) => {
      const submission = real.taskId(at).slice(0, -4);
      both(model, real, (calls) =>
        isSweep ? calls[name]('sweep', submission) : calls[name]('archive', real.window(at)),
      );
    }),
  );
