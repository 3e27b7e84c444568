import type { Bench } from '../bench.ts';

/** A peer that is not installed. The message explains how to install it. */
export class PeerMissing extends Error {}

/** Resolves to a server, or to undefined if it is not installed. In that case the results mention it. */
export async function orSkipped<Server>(
  bench: Bench,
  starting: Promise<Server>,
): Promise<Server | undefined> {
  try {
    return await starting;
  } catch (error) {
    if (!(error instanceof PeerMissing)) throw error;
    bench.skip(error.message);
    return undefined;
  }
}
