import type { Context, MiddlewareHandler } from 'hono';
import { byteReader } from '../platform/byte-reader.ts';
import { inTime, TooLate } from '../platform/time-limit.ts';
import type { Scope } from './auth.ts';
import { expectRequestSize, Hold } from './body-budget.ts';
import { ApiError } from './errors.ts';

declare module 'hono' {
  interface ContextVariableMap {
    body: string;
  }
}

/** The time limit of a body. It grows with the bytes that have arrived, so only a stalled upload is cancelled. */
const MAX_MS = 30_000;
const MIN_BYTES_PER_MS = 64;
/** The piece size for a body without a declared length and for a larger body. */
const PIECE_BYTES = 64 * 1024;

/**
 * Reads the request's body for `bodyOf`. It runs after the token was checked, so the body of a refused request
 * is not read.
 *
 * @param scope the scope of tokens that the request requires. The request uses the memory limit of this scope.
 */
export function holdBody(scope: Scope): MiddlewareHandler {
  return async (c, next) => {
    const hold = new Hold(scope);
    try {
      c.set('body', await readText(c.req.raw, hold));
      await next();
    } finally {
      hold.release();
    }
  };
}

/** The request's body as text. `holdBody` has read it, because the route's description has a body. */
export function bodyOf(c: Context): string {
  return c.get('body');
}

async function readText({ headers, body }: Request, hold: Hold): Promise<string> {
  const declared = declaredBytes(headers);
  expectRequestSize(declared ?? 0);
  if (body === null || declared === 0) return '';
  const reader = byteReader(body, Math.min(declared ?? PIECE_BYTES, PIECE_BYTES));
  const decoder = new TextDecoder();
  const startedAt = Date.now();
  let [text, arrived] = ['', 0];
  try {
    while (arrived !== declared) {
      const until = startedAt + MAX_MS + arrived / MIN_BYTES_PER_MS;
      const piece = await inTime(until - Date.now(), reader.read());
      if (piece === null) break;
      hold.take(piece.length);
      arrived += piece.length;
      text += decoder.decode(piece, { stream: true });
    }
    return text + decoder.decode();
  } catch (error) {
    void reader.cancel();
    if (error instanceof ApiError) throw error;
    throw new ApiError(
      'invalid_request',
      error instanceof TooLate
        ? `The body arrived too slowly: expected all of it within ${MAX_MS / 1000} s, plus one second for each ${MIN_BYTES_PER_MS} KB`
        : 'The connection ended before the whole body was sent',
    );
  }
}

/** The declared length of the body, which HTTP enforces; undefined if it was not declared. */
function declaredBytes(headers: Headers): number | undefined {
  const length = headers.get('Content-Length') ?? '';
  return /^\d+$/.test(length) && !headers.has('Transfer-Encoding') ? Number(length) : undefined;
}
