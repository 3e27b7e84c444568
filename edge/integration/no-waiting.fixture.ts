/** The Consumer Worker with a ledger in which the maximum number of calls waits for a change. */

import { TaskLedger as Ledger } from '../buffer/worker.ts';
import type { Busy } from '../contract/ledger/tasks.ts';

export { default } from '../buffer/worker.ts';

export class TaskLedger extends Ledger {
  override async awaitChange(): Promise<Busy> {
    return { busy: true };
  }
}
