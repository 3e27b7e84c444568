import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Attack } from '../harness/attack.ts';
import { ATTACK_MS, LEDGER_DELAY, ledgerDelay } from '../harness/delay.ts';
import type { EdgeUrls } from '../harness/edge.ts';

/** How many sockets open each second, and how many messages each of them sends at once. */
const SOCKETS = 10;
const MESSAGES = 500;

export const socketMessages: Attack = {
  name: `${SOCKETS} sockets of GET /live and /wake a second that send ${MESSAGES} messages each`,
  bound: LEDGER_DELAY,
  run: (edge) => ledgerDelay(edge, { send: sendMessages }),
};

async function sendMessages({ apiUrl, queueUrl }: EdgeUrls): Promise<string> {
  const urls = [`${apiUrl}/live`, `${queueUrl}/wake?runner=talker`].map((url) => url.replace('http', 'ws'));
  const codes = new Map<number, number>();
  const talk = (url = '') => {
    const socket = new WebSocket(url);
    socket.on('open', () => {
      for (let message = 0; message < MESSAGES; message += 1) socket.send('hello');
    });
    socket.on('close', (code) => codes.set(code, (codes.get(code) ?? 0) + 1));
    // A socket that fails also closes.
    socket.on('error', () => {});
    return socket;
  };
  const sockets = [];
  const end = performance.now() + ATTACK_MS;
  for (let index = 0; performance.now() < end; index += 1) {
    sockets.push(talk(urls[index % urls.length]));
    await sleep(1000 / SOCKETS);
  }
  for (const socket of sockets) socket.terminate();
  return `Closed with: ${[...codes].map(([code, count]) => `${count} of ${code}`).join(', ')}`;
}
