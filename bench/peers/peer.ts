import type { Bench } from '../bench.ts';

/** A peer that is not installed; the message says how to install it. */
export class PeerMissing extends Error {}

/** A server that is being started; undefined where it is not installed, which the results then say. */
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
