import { TestEdge, workersWith } from '../../testing/harness.ts';
import { GUARDED } from '../../testing/shared-edges.ts';

/** Attacks an edge that asks for tokens, while it runs. Resolves to what the attack resolves to. */
export async function withGuardedEdge<Value>(attack: (url: string) => Promise<Value>): Promise<Value> {
  const edge = new TestEdge(workersWith(GUARDED));
  try {
    return await attack(await edge.listen());
  } finally {
    await edge.close();
  }
}
