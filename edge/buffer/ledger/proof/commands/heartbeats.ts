import fc from 'fast-check';
import type { LeaseBeat } from '../../../../contract/ledger/leases.ts';
import { sorted } from '../real.ts';
import { both, command, maybe, pickBits, place } from './command.ts';

/** Lists all tasks of a lease, some of them, none, or tasks of another lease. */
const beat = fc.record({
  lease: place,
  skips: fc.constantFrom(0, 0, 0, 0, 1, 2, 0b101, ~0),
  foreign: fc.option(place, { freq: 8 }),
  /** Which of the tasks have started, as bits. */
  started: maybe(undefined, 0, 1, 2, ~0),
  progress: maybe('1', '{"step":2}', 'null'),
});

export const heartbeat = fc.array(beat, { minLength: 1, maxLength: 3 }).map((beats) =>
  command('heartbeat', beats, (model, real) => {
    const leases = beats.map(({ lease, skips, foreign, started, progress }): LeaseBeat => {
      const leaseId = real.grantedLease(lease);
      const own = pickBits(real.granted(leaseId), ~skips);
      const holds = [...new Set([...own, ...(foreign === null ? [] : [real.taskId(foreign)])])];
      const beat: LeaseBeat = { leaseId, holds };
      if (started !== undefined) beat.started = pickBits(real.granted(leaseId), started);
      if (progress !== undefined) beat.progress = holds.map((taskId) => ({ taskId, value: progress }));
      return beat;
    });
    both(model, real, (calls) => sorted(calls.heartbeat(leases)));
  }),
);
