import { WakeQuery } from '../contract/buffer.ts';
import { MAX_WAKE_SOCKETS } from '../contract/limits.ts';
import { ApiError } from '../http/errors.ts';
import { readQuery } from '../http/input.ts';
import { expectUpgrade } from '../http/upgrade.ts';
import { ledgerOf } from '../platform/ledger.ts';
import type { BufferRoute } from './env.ts';

/** `GET /wake`: a WebSocket that says when work is ready; it is the ledger's own. */
export const openWake: BufferRoute = [
  {
    name: 'openWake',
    summary: 'A WebSocket that sends `ready` when there is work for the runner',
    tag: 'Runners',
    tokens: ['runner'],
    query: WakeQuery,
    answer: { status: 101 },
    errors: ['upgrade_required', 'unavailable'],
  },
  async (c) => {
    const { runner } = readQuery(c, WakeQuery);
    expectUpgrade(c);
    const url = new URL(c.req.url);
    url.search = new URLSearchParams({ runner }).toString();
    const answer = await ledgerOf(c.env).fetch(url, { headers: { Upgrade: 'websocket' } });
    if (answer.status !== 503) return answer;
    throw new ApiError(
      'unavailable',
      `There are ${MAX_WAKE_SOCKETS} sockets already, which is the most there may be: poll for work meanwhile`,
    );
  },
];
