import type { Attack } from '../harness/attack.ts';
import { flood, LANES, LEDGER_DELAY, ledgerDelay } from '../harness/delay.ts';

export const filteredLists: Attack = {
  name: `${LANES} parallel GET /tasks with filters that nothing matches`,
  bound: LEDGER_DELAY,
  run: (edge) =>
    ledgerDelay(edge, {
      send: (to) => flood(() => ({ url: `${to.apiUrl}/tasks?tag=none&type=attacks/none` })),
    }),
};
