import type { Context, MiddlewareHandler } from 'hono';
import { MAX_REQUEST_BYTES } from '../contract/limits.ts';
import { ApiError } from './errors.ts';

declare module 'hono' {
  interface ContextVariableMap {
    body: string;
  }
}

/**
 * How many bytes of bodies an isolate holds at once. It has 128 MB, and a body takes several times its size until
 * it is answered: as text, as values, as a record.
 */
const MAX_HELD_BYTES = 32 * 1024 * 1024;
/** A body above this size leaves a part of the room to smaller ones. */
const LARGE_BYTES = 1024 * 1024;
const RESERVED_BYTES = 8 * 1024 * 1024;

/** The bytes of the bodies that are under way: of those being read, and of those not answered yet. */
let heldBytes = 0;

/** What one request holds. */
class Hold {
  #bytes = 0;

  /** @throws {ApiError} 413 or 503 if the request may not hold as many bytes more. */
  take(bytes: number): void {
    const own = this.#bytes + bytes;
    if (own > MAX_REQUEST_BYTES) {
      throw new ApiError('request_too_large', `Expected a request of at most ${MAX_REQUEST_BYTES} bytes`);
    }
    const limit = own > LARGE_BYTES ? MAX_HELD_BYTES - RESERVED_BYTES : MAX_HELD_BYTES;
    if (heldBytes + bytes > limit) {
      const message = 'The worker is reading as many large requests as it can: send this one again later';
      throw new ApiError('unavailable', message);
    }
    heldBytes += bytes;
    this.#bytes = own;
  }

  release(): void {
    heldBytes -= this.#bytes;
    this.#bytes = 0;
  }
}

/**
 * Reads the request's body for `bodyOf`. It comes after the gates: a request that they refuse is answered
 * without its body being read.
 */
export const holdBody: MiddlewareHandler = async (c, next) => {
  const hold = new Hold();
  try {
    c.set('body', await readText(c.req.raw, hold));
    await next();
  } finally {
    hold.release();
  }
};

/** The request's body as text. Its route describes a body, so `holdBody` has read it. */
export function bodyOf(c: Context): string {
  return c.get('body');
}

async function readText(request: Request, hold: Hold): Promise<string> {
  const declared = declaredBytes(request.headers);
  hold.take(declared ?? 0);
  try {
    return await (declared === undefined ? readCounted(request, hold) : request.text());
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError('invalid_request', 'The connection ended before the whole body was sent');
  }
}

/** The length of the body, of which HTTP ensures that it is true; undefined if it was not declared. */
function declaredBytes(headers: Headers): number | undefined {
  const length = headers.get('Content-Length') ?? '';
  return /^\d+$/.test(length) && !headers.has('Transfer-Encoding') ? Number(length) : undefined;
}

async function readCounted({ body }: Request, hold: Hold): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body ?? []) {
    hold.take(chunk.length);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
