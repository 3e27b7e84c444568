import type { Context } from 'hono';
import { ApiError } from '../errors.ts';

/** @throws {ApiError} 426 if a request does not open a WebSocket. */
export function expectUpgrade(c: Context): void {
  if (c.req.header('Upgrade')?.toLowerCase() === 'websocket') return;
  throw new ApiError('upgrade_required', 'Expected a WebSocket: the header `Upgrade: websocket`');
}
