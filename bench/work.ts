import { hash } from 'node:crypto';

const BLOCK_BYTES = 8192;

/**
 * A fixed amount of CPU work: a chain of SHA-256 hashes. The result proves that the work was done, a thread that
 * must wait for a core takes longer, and no compiler changes the speed during the run.
 */
export function work(seed: number, iterations: number): string {
  const block = Buffer.alloc(BLOCK_BYTES, String(seed));
  for (let count = 0; count < iterations; count += 1) hash('sha256', block, 'buffer').copy(block);
  return block.toString('hex', 0, 8);
}

/** The number of iterations per millisecond on an idle machine: the best of some rounds. */
export function iterationsPerMs(): number {
  const probe = 2000;
  let best = 0;
  for (let round = 0; round < 20; round += 1) {
    const start = performance.now();
    work(round, probe);
    best = Math.max(best, probe / (performance.now() - start));
  }
  return best;
}
