import { join } from 'node:path';
import { LedgerBed, MAIN_TYPES } from './bed.ts';

const PAYLOAD_BYTES = [200, 600, 1000, 10_000];
const INSERTED_BY = [1, 100];
const SETTLED_BY = 100;

/** The size of a completed task in the database, in bytes. */
export interface TaskStorage {
  readonly payloadBytes: number;
  readonly insertedBy: number;
  readonly bytes: number;
}

/** Completes tasks with payloads of several sizes, and measures the growth of the file. */
export function measureStorage(folder: string, tasks: number): TaskStorage[] {
  return PAYLOAD_BYTES.flatMap((payloadBytes) =>
    INSERTED_BY.map((insertedBy) => {
      const bed = new LedgerBed(join(folder, `storage-${payloadBytes}-${insertedBy}.sqlite`), tasks);
      const before = bed.bytes();
      complete(bed, tasks, insertedBy, payloadOf(payloadBytes));
      const bytes = (bed.bytes() - before) / tasks;
      bed.close();
      return { payloadBytes, insertedBy, bytes };
    }),
  );
}

function complete(bed: LedgerBed, tasks: number, insertedBy: number, payload: string): void {
  const [type = ''] = MAIN_TYPES;
  for (let done = 0; done < tasks; done += insertedBy) {
    bed.ledger.insert(bed.tasks(insertedBy, { type, payload }));
  }
  for (let done = 0; done < tasks; done += SETTLED_BY) {
    const order = bed.order([type], SETTLED_BY);
    const claimed = bed.ledger.claim(order).tasks;
    if (claimed.length !== SETTLED_BY) throw new Error(`A claim returned ${claimed.length} tasks`);
    bed.ledger.settle(
      claimed.map(({ id }) => ({ taskId: id, leaseId: order.leaseId, success: true, result: '{"n":1}' })),
    );
  }
}

/** JSON text of the given size in bytes. */
function payloadOf(bytes: number): string {
  const empty = '{"text":""}';
  return empty.replace('""', `"${'x'.repeat(bytes - empty.length)}"`);
}
