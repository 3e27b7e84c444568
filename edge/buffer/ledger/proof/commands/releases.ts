import fc from 'fast-check';
import { sorted } from '../real.ts';
import { both, command, pickBits, place } from './command.ts';

export const release = fc
  .record({ lease: place, skips: fc.constantFrom(0, 0, 1, 2), delayMs: fc.constantFrom(0, 0, 5000) })
  .map((args) =>
    command('release', args, (model, real) => {
      const leaseId = real.grantedLease(args.lease);
      const ids = pickBits(real.granted(leaseId), ~args.skips);
      both(model, real, (calls) => sorted(calls.release(leaseId, ids, args.delayMs)));
    }),
  );

/** A runner gives up a claim: a claim with granted tasks, an ended one, or one that may still arrive. */
export const releaseLease = fc
  .tuple(place, fc.constantFrom('granted', 'granted', 'any', 'new'))
  .map(([at, which]) =>
    command('releaseLease', { at, which }, (model, real) => {
      const leaseIds = { granted: real.grantedLease(at), any: real.leaseId(at) };
      const leaseId = which === 'new' ? real.newLeaseId() : leaseIds[which];
      both(model, real, (calls) => sorted(calls.releaseLease(leaseId)));
    }),
  );
