import { MAX_REQUEST_BYTES } from '../contract/limits.ts';
import type { Scope } from './auth.ts';
import { ApiError } from './errors.ts';

const MB = 1024 * 1024;
/** A body above this size may not use all the memory, so that smaller bodies still fit. */
const LARGE_BYTES = MB;

/**
 * How many bytes of bodies an isolate holds at once. An isolate has 128 MB, and a body takes several times its
 * size until the response: as text, as values, as a record. Part of the memory is reserved for runners.
 */
const MAX_HELD_BYTES: Record<Scope, { all: number; large: number }> = {
  client: { all: 24 * MB, large: 20 * MB },
  runner: { all: 32 * MB, large: 28 * MB },
};

/** The received bytes of all bodies whose requests have no response yet. */
let heldBytes = 0;

/** The bytes that one request holds. */
export class Hold {
  readonly #scope: Scope;
  #bytes = 0;

  /** @param scope the scope of tokens that the request requires. */
  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** @throws {ApiError} 413 if the request is too large; 503 if the worker holds too many bytes. */
  take(bytes: number): void {
    const own = this.#bytes + bytes;
    expectRequestSize(own);
    const { all, large } = MAX_HELD_BYTES[this.#scope];
    if (heldBytes + bytes > (own > LARGE_BYTES ? large : all)) {
      const message = 'The worker is reading too many requests: send this request again later';
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

/** @throws {ApiError} 413 if a request is too large. */
export function expectRequestSize(bytes: number): void {
  if (bytes <= MAX_REQUEST_BYTES) return;
  throw new ApiError('request_too_large', `Expected a request of at most ${MAX_REQUEST_BYTES} bytes`);
}
