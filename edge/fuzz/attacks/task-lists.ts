import type { Attack } from '../harness/attack.ts';
import { flood, LANES, LEDGER_DELAY, ledgerDelay } from '../harness/delay.ts';

export const taskLists: Attack = {
  name: `${LANES} parallel GET /tasks/ready and /tasks/all`,
  bound: LEDGER_DELAY,
  run: (edge) =>
    ledgerDelay(edge, {
      send: (to) =>
        flood((index) => ({ url: `${to.readerUrl}/tasks/${index % 2 === 0 ? 'ready' : 'all'}?limit=1000` })),
    }),
};
