import type { Attack } from '../harness/attack.ts';
import { flood, LANES, LEDGER_DELAY, ledgerDelay } from '../harness/delay.ts';

export const bulkChanges: Attack = {
  name: `${LANES} parallel POST /tasks/cancel and /tasks/retry`,
  bound: LEDGER_DELAY,
  run: (edge) =>
    ledgerDelay(edge, {
      send: (to) =>
        flood((index) => {
          const change = index % 2 === 0 ? 'cancel?' : 'retry?status=cancelled&';
          return { url: `${to.apiUrl}/tasks/${change}type=attacks/busy-${index % 500}`, method: 'POST' };
        }),
    }),
};
