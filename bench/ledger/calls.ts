/** The measured calls of the ledger, by the state of its tasks. */
import type { ListFilter } from '../../edge/contract/ledger/tasks.ts';
import { MAX_CHANGED_TASKS, MAX_GRANTED_TASKS, MAX_LIST_LIMIT } from '../../edge/contract/limits.ts';
import { CALL_ITEMS } from '../../edge/platform/ledger.ts';
import { HOUR_MS, LEASE_SECONDS, type LedgerBed, MAIN_TYPES, reports } from './bed.ts';
import type { LedgerCall } from './measure.ts';

const PAGE = 100;
/** The names of the idle runners. */
export const RUNNERS = Array.from({ length: 1000 }, (_, index) => `runner-${index}`);
const CONNECTED = new Set(RUNNERS);
const PROGRESS = '{"percent":50,"step":"half of the work is done"}';
const ARCHIVE_PART_BYTES = 2_000_000;
const PURGE_AFTER_MS = 300_000;
const FORGET_EVERY_MS = 600_000;
const KEY_LIFE_MS = 24 * HOUR_MS;
const RETENTION = { default: 0, types: {} };
/** No task has this tag, so a list that is filtered by it scans the maximum number of rows and finds none. */
const NO_SUCH_TAG = 'absent';

/** Every task is ready, and 1,000 runners wait for other types. */
export function waitingCalls(bed: LedgerBed): LedgerCall[] {
  const types = bed.mostTypes();
  return [
    ...[100, CALL_ITEMS].map((count) =>
      simple(`insert of ${count}`, () => {
        const tasks = bed.tasks(count);
        return () => bed.ledger.insert(tasks);
      }),
    ),
    ...[1, 100, MAX_GRANTED_TASKS].flatMap((limit) => [
      claimed(bed, limit, MAIN_TYPES),
      claimed(bed, limit, types),
    ]),
    released(bed),
    ...readCalls(bed, 'waiting'),
    simple('runners, 1,000 idle', () => () => bed.ledger.runners(CONNECTED)),
    simple('tick, nothing due', () => () => bed.ledger.tick()),
    ...bulkChanges(bed),
  ];
}

/** Every task is leased, with as many tasks per lease as a claim grants. */
export function leasedCalls(bed: LedgerBed): LedgerCall[] {
  const { leaseId, taskIds } = bed.lease(MAX_GRANTED_TASKS);
  const other = bed.lease(MAX_GRANTED_TASKS);
  const beat = { leaseId, holds: taskIds };
  const progress = taskIds.map((taskId) => ({ taskId, value: PROGRESS }));
  return [
    ...[100, CALL_ITEMS].map((count) =>
      simple(`settle of ${count}`, () => {
        const { leaseId, taskIds } = bed.lease(count);
        const results = reports(leaseId, taskIds);
        return () => bed.ledger.settle(results);
      }),
    ),
    simple(`heartbeat of a lease of ${MAX_GRANTED_TASKS}`, () => () => bed.ledger.heartbeat([beat])),
    simple(`heartbeat of a lease of ${MAX_GRANTED_TASKS}, progress of each`, () => () => {
      return bed.ledger.heartbeat([{ ...beat, progress }]);
    }),
    // After a change the ledger checks every task that a call waits for.
    simple(
      'versions for 1,000 watchers of two leases',
      () => () => bed.ledger.versions([...taskIds, ...other.taskIds]),
    ),
    ...readCalls(bed, 'leased'),
    simple('tick, no lease expired', () => () => bed.ledger.tick()),
  ];
}

/** Every lease has expired. */
export function expiredCalls(bed: LedgerBed): LedgerCall[] {
  bed.now += 2 * LEASE_SECONDS * 1000;
  return [simple('tick, every lease expired', () => () => bed.ledger.tick())];
}

/** Every task was scheduled for a time that has come. */
export function dueCalls(bed: LedgerBed): LedgerCall[] {
  return [simple('tick, every scheduled task due', () => () => bed.ledger.tick())];
}

/** Every task has ended, one of ten as failed. */
export function endedCalls(bed: LedgerBed): LedgerCall[] {
  return readCalls(bed, 'ended');
}

/** The window is closed, archived and purged, and expired keys and leases are deleted. */
export function archiveCalls(bed: LedgerBed): LedgerCall[] {
  const { ledger, window } = bed;
  bed.now += 2 * KEY_LIFE_MS;
  let last = '';
  return [
    simple('closable', () => () => ledger.closable(RETENTION, 1)),
    once('seal', () => ledger.seal(window, RETENTION)),
    simple('archivePage', () => () => {
      const page = ledger.archivePage(window, 0, last, ARCHIVE_PART_BYTES);
      if (!page) throw new Error('The round is not open');
      last = page.next ?? '';
    }),
    once('markArchived', () => ledger.markArchived(window, 0, { tasks: bed.size, upTo: null })),
    simple('purge', () => {
      bed.now += PURGE_AFTER_MS;
      return () => ledger.purge(window);
    }),
    simple('tick that forgets keys and leases', () => {
      bed.now += FORGET_EVERY_MS;
      return () => ledger.tick();
    }),
  ];
}

/** The reading calls of runners, workers and the dashboard. They are made in every state of the tasks. */
function readCalls(bed: LedgerBed, state: string): LedgerCall[] {
  const { ledger } = bed;
  const id = bed.someId();
  const list = (name: string, filter: ListFilter) => simple(name, () => () => ledger.list(filter));
  return [
    list(`list of ${MAX_LIST_LIMIT}`, { limit: MAX_LIST_LIMIT }),
    list(`list of ${PAGE}, filtered, nothing found`, { limit: PAGE, tag: NO_SUCH_TAG }),
    simple(`ready(${MAX_LIST_LIMIT})`, () => () => ledger.ready(MAX_LIST_LIMIT)),
    simple(`listActive(${MAX_LIST_LIMIT})`, () => () => ledger.listActive(MAX_LIST_LIMIT)),
    simple('stats', () => () => ledger.stats()),
    simple('find', () => () => ledger.find(id)),
    simple('version', () => () => ledger.versions([id])),
  ].map((call) => ({ ...call, name: `${call.name}; all ${state}` }));
}

function claimed(bed: LedgerBed, limit: number, types: readonly string[]): LedgerCall {
  return {
    name: `claim of ${limit.toLocaleString('en')} among ${types.length} types`,
    prepare() {
      const order = bed.order(types, limit);
      return {
        run: () => bed.ledger.claim(order),
        undo: () => bed.ledger.releaseLease(order.leaseId),
      };
    },
  };
}

function released(bed: LedgerBed): LedgerCall {
  return simple(`release of ${CALL_ITEMS}`, () => {
    const { leaseId, taskIds } = bed.lease(CALL_ITEMS);
    return () => bed.ledger.release(leaseId, taskIds);
  });
}

/** Two calls that each undo the other. */
function bulkChanges({ ledger }: LedgerBed): LedgerCall[] {
  const cancel = () => ledger.cancelMany({ limit: MAX_CHANGED_TASKS });
  const retry = () => ledger.retryMany({ state: 'cancelled', since: 0, limit: MAX_CHANGED_TASKS });
  return [
    { name: `cancelMany, a page of ${MAX_CHANGED_TASKS}`, prepare: () => ({ run: cancel, undo: retry }) },
    simple(`retryMany, a page of ${MAX_CHANGED_TASKS}`, () => {
      cancel();
      return retry;
    }),
  ];
}

function simple(name: string, prepare: () => () => unknown): LedgerCall {
  return { name, prepare: () => ({ run: prepare() }) };
}

/** A call that changes something only once. */
function once(name: string, run: () => unknown): LedgerCall {
  return { ...simple(name, () => run), rounds: 1 };
}
