import type { LogEnv } from '../platform/log.ts';
import { numberOf } from '../platform/variables.ts';
import { DEFAULT_CALLS_PER_SECOND } from './pacing.ts';

/** The settings of a ledger. */
export interface LedgerEnv extends LogEnv {
  /**
   * Above this size in bytes the ledger accepts no submissions (default 8 GB). A Durable Object can hold 10 GB.
   */
  FULL_BYTES?: string;
  /** Above this number of claims and reports per second, the ledger asks runners to pause (default 100). */
  PACED_CALLS_PER_SECOND?: string;
}

export function fullBytes({ FULL_BYTES }: LedgerEnv): number {
  return numberOf('FULL_BYTES', FULL_BYTES, 8e9);
}

export function pacedCallsPerSecond({ PACED_CALLS_PER_SECOND }: LedgerEnv): number {
  return numberOf('PACED_CALLS_PER_SECOND', PACED_CALLS_PER_SECOND, DEFAULT_CALLS_PER_SECOND);
}
