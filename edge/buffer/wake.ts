import { WakeQuery } from '../contract/buffer.ts';
import { MAX_WAKE_SOCKETS } from '../contract/limits.ts';
import { ApiError } from '../http/errors.ts';
import { readQuery } from '../http/input.ts';
import { expectUpgrade } from '../http/upgrade.ts';
import { ledgerOf } from '../platform/ledger.ts';
import type { BufferRoute } from './env.ts';

/** `GET /wake`: a WebSocket that sends a message when work is ready. The ledger opens it. */
export const openWake: BufferRoute = [
  {
    name: 'openWake',
    summary: 'Open a WebSocket that sends `ready` when there is work for the runner',
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
      `The maximum of ${MAX_WAKE_SOCKETS} open sockets is reached: poll for work instead`,
    );
  },
];
