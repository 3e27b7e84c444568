import type { Ledger } from '../ledger.ts';
import type { LedgerSchedules } from '../schedules/ledger-schedules.ts';

/** The calls that both the ledger and the model support. */
export type Calls = { [Name in Modelled]: (...args: Parameters<Ledger[Name]>) => unknown } & {
  readonly schedules: {
    [Name in keyof LedgerSchedules]: (...args: Parameters<LedgerSchedules[Name]>) => unknown;
  };
};
type Modelled =
  | (
      | 'insert'
      | 'insertFailed'
      | 'claim'
      | 'claimOne'
      | 'heartbeat'
      | 'settle'
      | 'settleUnfenced'
      | 'release'
      | 'releaseLease'
    )
  | (
      | 'cancel'
      | 'cancelMany'
      | 'retry'
      | 'retryMany'
      | 'pause'
      | 'resume'
      | 'find'
      | 'list'
      | 'ready'
      | 'listActive'
      | 'tick'
      | 'nextTickAt'
    )
  | ('closable' | 'seal' | 'openSeals' | 'archivePage' | 'markArchived' | 'purge')
  | ('noteFailure' | 'clearFailure' | 'failures');
