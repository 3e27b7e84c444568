import { join } from 'node:path';
import { HOUR_MS, LedgerBed } from './bed.ts';
import {
  archiveCalls,
  dueCalls,
  endedCalls,
  expiredCalls,
  leasedCalls,
  RUNNERS,
  waitingCalls,
} from './calls.ts';
import { type LedgerCall, type MeasuredCall, measureCall } from './measure.ts';

/** Idempotency keys in the ledger, for each task in it. */
const KEYS_PER_TASK = 0.1;

/** Moves a ledger of `size` tasks through its states, and measures the calls that matter in each state. */
export function measureCalls(folder: string, size: number, onStep: (step: string) => void): MeasuredCall[] {
  const measured: MeasuredCall[] = [];
  const measure = (on: LedgerBed, calls: readonly LedgerCall[]) => {
    for (const call of calls) {
      onStep(call.name);
      measured.push(measureCall(call));
      on.checkpoint();
    }
  };

  onStep('filling the ledger');
  const bed = new LedgerBed(join(folder, `${size}.sqlite`), size);
  bed.fill();
  bed.enterRunners(RUNNERS);
  bed.reserveKeys(size * KEYS_PER_TASK);
  measure(bed, waitingCalls(bed));

  onStep('leasing all tasks');
  bed.leaseAll();
  measure(bed, leasedCalls(bed));

  const expired = bed.copy(join(folder, `${size}-expired.sqlite`));
  measure(expired, expiredCalls(expired));
  expired.close();

  onStep('settling all tasks');
  bed.settleAll();
  bed.checkpoint();
  measure(bed, endedCalls(bed));
  measure(bed, archiveCalls(bed));
  bed.close();

  onStep('filling the ledger with scheduled tasks');
  const due = new LedgerBed(join(folder, `${size}-due.sqlite`), size);
  due.fill({ runAt: due.now + HOUR_MS });
  due.now += 2 * HOUR_MS;
  measure(due, dueCalls(due));
  due.close();
  return measured;
}
