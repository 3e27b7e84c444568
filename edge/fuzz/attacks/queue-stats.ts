import type { Attack } from '../harness/attack.ts';
import { flood, LANES, LEDGER_DELAY, ledgerDelay } from '../harness/delay.ts';

export const STATS_PATHS = ['stats', 'runners', 'metrics'] as const;

export const queueStats: Attack = {
  name: `${LANES} parallel GET /stats, /runners and /metrics`,
  bound: LEDGER_DELAY,
  run: (edge) =>
    ledgerDelay(edge, {
      send: (to) => flood((index) => ({ url: `${to.apiUrl}/${STATS_PATHS[index % STATS_PATHS.length]}` })),
    }),
};
