import { hash } from 'node:crypto';

const BLOCK_BYTES = 8192;

/**
 * CPU work of a fixed amount, a chain of SHA-256 hashes: its result proves that it was done, a thread that
 * has to wait for a core takes longer for it, and no compiler changes its speed on the way.
 */
export function work(seed: number, iterations: number): string {
  const block = Buffer.alloc(BLOCK_BYTES, String(seed));
  for (let count = 0; count < iterations; count += 1) hash('sha256', block, 'buffer').copy(block);
  return block.toString('hex', 0, 8);
}

/** How many iterations take a millisecond on this machine, undisturbed: the best of some rounds. */
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
