import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack } from '../harness/attack.ts';
import { ATTACK_MS, flood, LANES, LEDGER_DELAY, type LedgerAttack, ledgerDelay } from '../harness/delay.ts';
import type { EdgeUrls } from '../harness/edge.ts';
import { cancelAll } from '../harness/fill.ts';
import { call, send } from '../harness/http.ts';

const SCHEDULES = 200;
const TYPE = 'attacks/scheduled';
/** A payload that takes long to parse. */
const PAYLOAD = Array.from({ length: 24_000 }, () => ({}));

const nameOf = (index: number) => `attack-${index}`;

/** Sets schedules with large payloads, and deletes them after the attack. */
function withSchedules(
  settings: object,
  attack: LedgerAttack['send'],
): Pick<LedgerAttack, 'prepare' | 'send' | 'undo'> {
  const each = async (body: (index: number) => Promise<unknown>) => {
    for (let index = 0; index < SCHEDULES; index += 1) await body(index);
  };
  return {
    prepare: ({ apiUrl }: EdgeUrls) =>
      each((index) =>
        send('PUT', `${apiUrl}/schedules/${nameOf(index)}`, { type: TYPE, payload: PAYLOAD, ...settings }),
      ),
    send: attack,
    undo: async (to) => {
      await each((index) => call(`${to.apiUrl}/schedules/${nameOf(index)}`, 'DELETE'));
      await cancelAll(to, TYPE);
    },
  };
}

export const scheduleLists: Attack = {
  name: `${LANES} parallel GET /schedules of large schedules`,
  bound: LEDGER_DELAY,
  run: (edge) =>
    ledgerDelay(
      edge,
      withSchedules({ cron: '0 0 1 1 *' }, (to) =>
        flood(() => ({ url: `${to.apiUrl}/schedules?limit=1000` })),
      ),
    ),
};

/** The run of each is alive, so nothing is inserted after the first second. */
export const denseSchedules: Attack = {
  name: `${SCHEDULES} large schedules that are due each second`,
  bound: LEDGER_DELAY,
  run: (edge) =>
    ledgerDelay(
      edge,
      withSchedules({ everySeconds: 1 }, async () => {
        await sleep(ATTACK_MS);
        return `${SCHEDULES} schedules`;
      }),
    ),
};
