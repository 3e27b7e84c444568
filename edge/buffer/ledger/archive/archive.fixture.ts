import assert from 'node:assert/strict';
import type { PerType } from '../../../contract/per-type.ts';
import { windowOf } from '../../../contract/task-id.ts';
import { HOUR, MINUTE, type TestLedger } from '../testing.ts';

/** A retention of zero: ended tasks may be archived at once. */
export const AT_ONCE: PerType = { default: 0, types: {} };

/** Adds a task and completes it. */
export function done(
  bed: TestLedger,
  { type = 'a', result }: { type?: string; result?: string } = {},
): string {
  const { id, leaseId } = bed.held({ type });
  bed.succeed(id, leaseId, result);
  return id;
}

/** Adds a task that fails permanently. */
export function failed(bed: TestLedger): string {
  const { id, leaseId } = bed.held();
  bed.fail(id, leaseId, { error: { code: 'broken', message: 'It broke', retryable: false } });
  return id;
}

/** Moves the time forward until the window of an id may be closed, and opens a round of the window. */
export function sealed(bed: TestLedger, id: string, retention = AT_ONCE): string {
  const window = windowOf(id);
  bed.now += HOUR;
  assert.equal(bed.ledger.seal(window, retention), true);
  return window;
}

/** The ids of an open round, read page by page. */
export function taken(bed: TestLedger, window: string, round = 0, maxBytes = 1e6): string[] {
  const ids: string[] = [];
  for (let after: string | null = ''; after !== null; ) {
    const page = bed.ledger.archivePage(window, round, after, maxBytes);
    assert.ok(page, `Round ${round} is not being written`);
    ids.push(...page.tasks.map(({ id }) => id));
    after = page.next;
  }
  return ids;
}

/** Marks the open round of a window as archived, and purges it five minutes later. */
export function purged(bed: TestLedger, window: string): void {
  const round = bed.ledger.openSeals(1000).find((open) => open.window === window)?.round ?? 0;
  bed.ledger.markArchived(window, round, { tasks: taken(bed, window, round).length, upTo: null });
  bed.now += 5 * MINUTE;
  while (bed.ledger.purge(window).more);
}
