import { randomUUID } from 'node:crypto';
import type { Attack } from '../harness/attack.ts';
import { flood, LANES, LEDGER_DELAY, ledgerDelay } from '../harness/delay.ts';
import type { EdgeUrls } from '../harness/edge.ts';
import { post } from '../harness/http.ts';
import { STATS_PATHS } from './queue-stats.ts';

const NAMES = 800;
const TYPES = Array.from({ length: 500 }, (_, index) => `${'t'.repeat(90)}${index}`);

export const runnerNames: Attack = {
  name: `${NAMES} invented runners of 50 KB each, then ${LANES} parallel GET /stats, /runners and /metrics`,
  bound: LEDGER_DELAY,
  run: (edge) =>
    ledgerDelay(edge, {
      prepare: inventRunners,
      send: (to) => flood((index) => ({ url: `${to.apiUrl}/${STATS_PATHS[index % STATS_PATHS.length]}` })),
    }),
};

async function inventRunners({ queueUrl }: EdgeUrls): Promise<void> {
  const about = { startedAt: new Date().toISOString(), threads: 1, ioConcurrency: 1, types: TYPES };
  const wants = [{ types: ['attacks/none'], limit: 1 }];
  for (let index = 0; index < NAMES; index += 1) {
    await post(`${queueUrl}/tasks/claim`, {
      leaseId: randomUUID(),
      runner: `invented ${index}`,
      wants,
      about,
    });
  }
}
