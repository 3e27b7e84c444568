import { DurableObject } from 'cloudflare:workers';
import type { FailedStep, RoundEnd } from '../contract/ledger/archive.ts';
import type { SubmissionCount } from '../contract/ledger/tasks.ts';
import type { PerType } from '../contract/per-type.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { LedgerEnv } from './ledger-env.ts';

/** The calls that the cron job makes to the ledger. They make no task ready, so they wake no runner. */
export abstract class ArchiveCalls extends DurableObject<LedgerEnv> {
  protected abstract readonly ledger: Ledger;

  async incomplete(submissions: SubmissionCount[]) {
    return this.ledger.incomplete(submissions);
  }

  async sweptWindow() {
    return this.ledger.sweptWindow();
  }

  async markSwept(window: string) {
    this.ledger.markSwept(window);
  }

  async closable(retention: PerType, limit: number, early?: boolean) {
    return this.ledger.closable(retention, limit, early);
  }

  async seal(window: string, retention: PerType) {
    return this.ledger.seal(window, retention);
  }

  async openSeals(limit: number) {
    return this.ledger.openSeals(limit);
  }

  async archivePage(window: string, round: number, after: string, maxBytes: number) {
    return this.ledger.archivePage(window, round, after, maxBytes);
  }

  async markArchived(window: string, round: number, end: RoundEnd) {
    this.ledger.markArchived(window, round, end);
  }

  async purge(window: string) {
    return this.ledger.purge(window);
  }

  async noteFailure(step: FailedStep, name: string) {
    return this.ledger.noteFailure(step, name);
  }

  async clearFailure(step: FailedStep, name: string) {
    this.ledger.clearFailure(step, name);
  }

  async failures() {
    return this.ledger.failures();
  }
}
