import type { Context } from 'hono';
import { ApiError } from './errors.ts';

/** @throws {ApiError} 426 where a request is not the opening of a WebSocket. */
export function expectUpgrade(c: Context): void {
  if (c.req.header('Upgrade')?.toLowerCase() === 'websocket') return;
  throw new ApiError('upgrade_required', 'Expected a WebSocket: the header `Upgrade: websocket`');
}
