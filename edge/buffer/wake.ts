import { WakeQuery } from '../contract/buffer.ts';
import { MAX_RUNNER_WAKE_SOCKETS, MAX_WAKE_SOCKETS } from '../contract/limits.ts';
import { readQuery } from '../http/input.ts';
import { openLedgerSocket } from '../http/sockets/ledger-socket.ts';
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
  (c) => {
    const { runner } = readQuery(c, WakeQuery);
    return openLedgerSocket(
      c,
      { runner },
      `The maximum of ${MAX_WAKE_SOCKETS} open sockets, or of ${MAX_RUNNER_WAKE_SOCKETS} for this runner, is reached: poll for work instead`,
    );
  },
];
