import type { Context } from 'hono';
import { type LedgerNamespace, ledgerOf } from '../../platform/ledger.ts';
import { ApiError } from '../errors.ts';
import { outgoingOnly } from './outgoing-socket.ts';
import { expectUpgrade } from './upgrade.ts';

/**
 * Opens a socket of the ledger for a client.
 *
 * @param query what the socket is for; the ledger reads it.
 * @param refused the error message if the ledger has the maximum number of such sockets.
 * @throws {ApiError} 426 if the request does not open a WebSocket, 503 if the ledger opens no more.
 */
export async function openLedgerSocket<Env extends { LEDGER: LedgerNamespace }>(
  c: Context<{ Bindings: Env }>,
  query: Record<string, string>,
  refused: string,
): Promise<Response> {
  expectUpgrade(c);
  const url = new URL(c.req.url);
  url.search = new URLSearchParams(query).toString();
  const { webSocket } = await ledgerOf(c.env).fetch(url, { headers: { Upgrade: 'websocket' } });
  if (!webSocket) throw new ApiError('unavailable', refused);
  return new Response(null, { status: 101, webSocket: outgoingOnly(webSocket) });
}
