import { Submitted } from '../contract/api.ts';
import type { Attack } from './attack.ts';
import { ATTACK_MS, LEDGER_DELAY, ledgerDelay } from './delay.ts';
import type { EdgeUrls } from './edge.ts';
import { cancelAll } from './fill.ts';
import { call, post } from './http.ts';

const CALLS = 1000;
const TYPE = 'attacks/awaited';

/** The claims that are measured change the queue, so the ledger looks at what is waited for. */
export const waitingCalls: Attack = {
  name: `${CALLS} parallel GET /tasks/:id/status?wait=`,
  bound: LEDGER_DELAY,
  run: (edge) => ledgerDelay(edge, { send: wait, undo: (to) => cancelAll(to, TYPE) }),
};

async function wait({ apiUrl }: EdgeUrls): Promise<string> {
  const { taskId } = Submitted.parse(await post(`${apiUrl}/tasks`, { type: TYPE }));
  const url = `${apiUrl}/tasks/${taskId}/status?wait=${ATTACK_MS / 1000}`;
  const answers = await Promise.all(Array.from({ length: CALLS }, () => call(url)));
  return `${answers.filter(({ status }) => status === 200).length} of ${CALLS} were answered with 200`;
}
