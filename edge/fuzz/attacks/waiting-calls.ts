import { setTimeout as sleep } from 'node:timers/promises';
import { BatchSubmitted } from '../../contract/api.ts';
import { MAX_WAIT_SECONDS } from '../../contract/limits.ts';
import type { Attack } from '../harness/attack.ts';
import { ATTACK_MS, LEDGER_DELAY, ledgerDelay } from '../harness/delay.ts';
import type { EdgeUrls } from '../harness/edge.ts';
import { cancelAll } from '../harness/fill.ts';
import { call, post } from '../harness/http.ts';

const CALLS = 1000;
const TYPE = 'attacks/awaited';

/** The measured claims change the queue, so the ledger checks the tasks that the calls wait for. */
export const waitingCalls: Attack = {
  name: `${CALLS} calls of GET /tasks/:id/status?wait= , each waiting for a different task`,
  bound: LEDGER_DELAY,
  run: (edge) => {
    const waits = new Map<EdgeUrls, Waits>();
    return ledgerDelay(edge, {
      prepare: async (to) => {
        const tasks = Array.from({ length: CALLS }, () => ({ type: TYPE }));
        const { taskIds } = BatchSubmitted.parse(await post(`${to.apiUrl}/tasks/batch`, { tasks }));
        waits.set(to, new Waits(to, taskIds));
        // The answer comes only when all earlier calls wait.
        await call(`${to.apiUrl}/tasks/${taskIds.at(-1)}/status`);
      },
      send: async (to) => {
        await sleep(ATTACK_MS);
        return `${CALLS - (waits.get(to)?.answered ?? 0)} of ${CALLS} waited until the end`;
      },
      undo: async (to) => {
        await cancelAll(to, TYPE);
        await waits.get(to)?.ended;
      },
    });
  },
};

class Waits {
  answered = 0;
  readonly ended: Promise<unknown>;

  constructor({ apiUrl }: EdgeUrls, taskIds: readonly string[]) {
    const wait = async (id: string) => {
      await call(`${apiUrl}/tasks/${id}/status?wait=${MAX_WAIT_SECONDS}`);
      this.answered += 1;
    };
    this.ended = Promise.allSettled(taskIds.map(wait));
  }
}
