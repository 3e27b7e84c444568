/**
 * Measures calls of the ledger one by one. The process has a young generation of 256 MB, which is emptied
 * before each call. So nothing is collected during a call, and what the heap has grown by is all that the call
 * allocated: an upper bound of what it holds at any moment. Memory of SQLite is not part of it.
 */

/** A kind of call. */
export interface LedgerCall {
  readonly name: string;
  /** How often it is measured, at most; 20 by default. */
  readonly rounds?: number;
  /** Makes ready for one call. Neither this nor `undo` is measured. */
  prepare(): { run(): unknown; undo?(): void };
}

export interface MeasuredCall {
  readonly name: string;
  readonly ms: number[];
  readonly heapBytes: number[];
}

const DEFAULT_ROUNDS = 20;
/** A slow call is measured no longer than this, if it was measured twice. */
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

/** The first call of a kind compiles its statements and its code, which is not what is measured. */
function runOnce({ run, undo }: ReturnType<LedgerCall['prepare']>): void {
  run();
  undo?.();
}

function collectGarbage(): void {
  if (!globalThis.gc) throw new Error('Expected Node to run with --expose-gc');
  globalThis.gc({ type: 'minor' });
}
