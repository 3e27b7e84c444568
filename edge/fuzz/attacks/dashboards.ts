import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Attack } from '../harness/attack.ts';
import { ATTACK_MS, LEDGER_DELAY, ledgerDelay } from '../harness/delay.ts';
import type { EdgeUrls } from '../harness/edge.ts';

const SOCKETS = 300;

/** The measured claims change the queue, so every socket gets updates. */
export const dashboards: Attack = {
  name: `${SOCKETS} sockets of GET /live opened together`,
  bound: LEDGER_DELAY,
  run: (edge) => ledgerDelay(edge, { send: watch }),
};

async function watch({ apiUrl }: EdgeUrls): Promise<string> {
  let updates = 0;
  const url = `${apiUrl.replace('http', 'ws')}/live`;
  const opening = Array.from({ length: SOCKETS }, async () => {
    const socket = new WebSocket(url);
    socket.on('message', () => {
      updates += 1;
    });
    return once(socket, 'open').then(
      () => [socket],
      () => [],
    );
  });
  const open = (await Promise.all(opening)).flat();
  await sleep(ATTACK_MS);
  const closed = Promise.all(open.map((socket) => once(socket, 'close')));
  for (const socket of open) socket.close();
  await closed;
  return `${open.length} of ${SOCKETS} were opened and got ${updates} updates`;
}
