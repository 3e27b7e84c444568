import { TestEdge, workersWith } from '../../testing/harness.ts';
import { GUARDED } from '../../testing/shared-edges.ts';

/** Starts an edge that requires tokens, attacks it, and stops it. Resolves to the result of the attack. */
export async function withGuardedEdge<Value>(attack: (url: string) => Promise<Value>): Promise<Value> {
  const edge = new TestEdge(workersWith(GUARDED));
  try {
    return await attack(await edge.listen());
  } finally {
    await edge.close();
  }
}
