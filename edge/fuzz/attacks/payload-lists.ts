import type { Attack } from '../harness/attack.ts';
import { flood, LANES, LEDGER_DELAY, ledgerDelay } from '../harness/delay.ts';
import { cancelAll, submit } from '../harness/fill.ts';

const TYPE = 'attacks/payload';
/** The ledger stores the small payload. The large one stays in the record of its submission. */
const SMALL = 'x'.repeat(90_000);
const LARGE = 'x'.repeat(100_000);

export const payloadLists: Attack = {
  name: `${LANES} parallel GET /tasks/ready of large payloads`,
  bound: LEDGER_DELAY,
  run: (edge) =>
    ledgerDelay(edge, {
      prepare: async (to) => {
        const task = { type: TYPE, priority: 99, payload: LARGE };
        for (let submission = 0; submission < 4; submission += 1) {
          // A record of 10 MB, with one task that is listed.
          await submit(to, [{ ...task, priority: 100 }, ...Array.from({ length: 99 }, () => task)]);
        }
        const small = { type: TYPE, priority: 100, payload: SMALL };
        await submit(
          to,
          Array.from({ length: 50 }, () => small),
        );
      },
      send: (to) => flood(() => ({ url: `${to.readerUrl}/tasks/ready` })),
      undo: (to) => cancelAll(to, TYPE),
    }),
};
