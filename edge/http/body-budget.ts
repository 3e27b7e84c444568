import { MAX_REQUEST_BYTES } from '../contract/limits.ts';
import type { Scope } from './auth.ts';
import { ApiError } from './errors.ts';

const MB = 1024 * 1024;
/** A body above this size leaves a part of the room to smaller ones. */
const LARGE_BYTES = MB;

/**
 * How many bytes of bodies an isolate holds at once. It has 128 MB, and a body takes several times its size until
 * it is answered: as text, as values, as a record. Clients leave a part of the room to runners, whatever they send.
 */
const MAX_HELD_BYTES: Record<Scope, { all: number; large: number }> = {
  client: { all: 24 * MB, large: 20 * MB },
  runner: { all: 32 * MB, large: 28 * MB },
};

/** The bytes of the bodies that are under way: what has arrived of them, until they are answered. */
let heldBytes = 0;

/** What one request holds. */
export class Hold {
  readonly #scope: Scope;
  #bytes = 0;

  /** @param scope whose tokens the request takes. */
  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** @throws {ApiError} 413 or 503 if the request may not hold as many bytes more. */
  take(bytes: number): void {
    const own = this.#bytes + bytes;
    expectRequestSize(own);
    const { all, large } = MAX_HELD_BYTES[this.#scope];
    if (heldBytes + bytes > (own > LARGE_BYTES ? large : all)) {
      const message = 'The worker is reading as many requests as it can: send this one again later';
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

/** @throws {ApiError} 413 if a request may not be so large. */
export function expectRequestSize(bytes: number): void {
  if (bytes <= MAX_REQUEST_BYTES) return;
  throw new ApiError('request_too_large', `Expected a request of at most ${MAX_REQUEST_BYTES} bytes`);
}
