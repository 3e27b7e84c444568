/** A peer that is not installed; the message says how to install it. */
export class PeerMissing extends Error {}
