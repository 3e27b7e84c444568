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

/** A body may take this long, and longer by what has arrived of it: a stalled upload is ended. */
const MAX_MS = 30_000;
const MIN_BYTES_PER_MS = 64;
/** Of a body whose length is not declared, and of a longer one. */
const PIECE_BYTES = 64 * 1024;

/**
 * Reads the request's body for `bodyOf`. It comes after the gates: a request that they refuse is answered
 * without its body being read.
 *
 * @param scope whose tokens the request takes: it uses the room of these.
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

/** The request's body as text. Its route describes a body, so `holdBody` has read it. */
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
        ? `The body came too slowly: expected all of it within ${MAX_MS / 1000} s, and ${MIN_BYTES_PER_MS} KB for each second more`
        : 'The connection ended before the whole body was sent',
    );
  }
}

/** The length of the body, of which HTTP ensures that it is true; undefined if it was not declared. */
function declaredBytes(headers: Headers): number | undefined {
  const length = headers.get('Content-Length') ?? '';
  return /^\d+$/.test(length) && !headers.has('Transfer-Encoding') ? Number(length) : undefined;
}
