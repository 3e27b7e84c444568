/**
 * Sends valid and broken requests to every route of both workers, and checks every answer: it must be in time, not
 * be a 5xx, and match the contract. A seed determines the requests. A request that breaks a rule is shrunk.
 */
import fc from 'fast-check';
import { newTasks } from '../contract/submission.ts';
import { ledgerOf } from '../platform/ledger.ts';
import { TestEdge, workersWith } from '../testing/harness.ts';
import { OPEN } from '../testing/shared-edges.ts';
import { check } from './check.ts';
import { KNOWN, KNOWN_IDS } from './requests/known.ts';
import { type FuzzRequest, requests } from './requests/requests.ts';

export interface FuzzRun {
  runs: number;
  seed: number;
  /** The number of answers with each status. */
  statuses: Map<number, number>;
  /** The shortest request found that breaks a rule, and the broken rule; null if there is none. */
  violation: { request: FuzzRequest; message: string } | null;
}

/** Starts both workers, sends `runs` requests, one after another, and stops at the first that breaks a rule. */
export async function fuzz(options: { runs: number; seed?: number | undefined }): Promise<FuzzRun> {
  const edge = new TestEdge(workersWith({ ...OPEN, ALLOWED_ORIGINS: '*' }));
  await edge.listen();
  try {
    const known = { type: 'fuzz', payload: {}, priority: 0 };
    await ledgerOf(await edge.env()).insert(
      newTasks({ submission: KNOWN, tasks: KNOWN_IDS.map(() => known) }),
    );
    const statuses = new Map<number, number>();
    const property = fc.asyncProperty(requests, async (request) => {
      const answered = await check(edge, request);
      statuses.set(answered, (statuses.get(answered) ?? 0) + 1);
    });
    const { runs: numRuns, seed } = options;
    const run = await fc.check(property, { numRuns, ...(seed !== undefined && { seed }) });
    const [request] = run.counterexample ?? [];
    const message = run.errorInstance instanceof Error ? run.errorInstance.message : 'no reason';
    const violation = request ? { request, message } : null;
    return { runs: run.numRuns, seed: run.seed, statuses, violation };
  } finally {
    await edge.close();
  }
}

/** The result of a run, for people. */
export function describeRun({ runs, seed, statuses, violation }: FuzzRun): string {
  const histogram = [...statuses].toSorted(([a], [b]) => a - b).map(([code, times]) => `${code}: ${times}`);
  const lines = [`${runs} requests with seed ${seed}; answers ${histogram.join(', ')}`];
  if (violation)
    lines.push(`This request breaks a rule: ${JSON.stringify(violation.request)}`, violation.message);
  return lines.join('\n');
}
