/**
 * Measures calls of the ledger one by one. The process has a young generation of 256 MB, which is emptied before
 * each call, so nothing is collected during a call. The growth of the heap is therefore all that the call
 * allocated, an upper bound of what it holds at any moment. It does not include the memory of SQLite.
 */

/** A kind of call. */
export interface LedgerCall {
  readonly name: string;
  /** The maximum number of measurements; 20 by default. */
  readonly rounds?: number;
  /** Prepares one call. Neither this nor `undo` is measured. */
  prepare(): { run(): unknown; undo?(): void };
}

export interface MeasuredCall {
  readonly name: string;
  readonly ms: number[];
  readonly heapBytes: number[];
}

const DEFAULT_ROUNDS = 20;
/** The measurements of a call stop after this time, but not before the second one. */
const ENOUGH_MS = 3000;

export function measureCall({ name, rounds = DEFAULT_ROUNDS, prepare }: LedgerCall): MeasuredCall {
  const measured: MeasuredCall = { name, ms: [], heapBytes: [] };
  let spentMs = 0;
  if (rounds > 1) runOnce(prepare());
  for (let round = 0; round < rounds; round += 1) {
    const { run, undo } = prepare();
    collectGarbage();
    const heap = process.memoryUsage().heapUsed;
    const startedAt = performance.now();
    run();
    const ms = performance.now() - startedAt;
    measured.heapBytes.push(process.memoryUsage().heapUsed - heap);
    measured.ms.push(ms);
    undo?.();
    spentMs += ms;
    if (spentMs > ENOUGH_MS && round > 0) break;
  }
  return measured;
}

/** Runs a call without measuring it, because the first call of a kind compiles its statements and code. */
function runOnce({ run, undo }: ReturnType<LedgerCall['prepare']>): void {
  run();
  undo?.();
}

function collectGarbage(): void {
  if (!globalThis.gc) throw new Error('Expected Node to run with --expose-gc');
  globalThis.gc({ type: 'minor' });
}
