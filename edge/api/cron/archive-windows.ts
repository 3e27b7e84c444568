import type { OpenSeal } from '../../contract/ledger/archive.ts';
import type { TaskRow } from '../../contract/ledger/tasks.ts';
import { PartCollector } from '../../contract/parts.ts';
import { ofType, type PerType, scaled } from '../../contract/per-type.ts';
import { CURRENT_SHARD, windowEnd } from '../../contract/task-id.ts';
import { byteLength } from '../../contract/text.ts';
import { ledgerOf } from '../../platform/ledger.ts';
import { numberOf } from '../../platform/variables.ts';
import type { ApiEnv } from '../env.ts';
import { type ArchiveHead, type ArchivePart, archiveKey } from './archive.ts';
import { type CronStep, takeStep, tryAlone } from './cron-run.ts';
import { archiveDays, retentionHours } from './retention.ts';
import { SURE_AFTER_MS, sweepWindow } from './sweep.ts';

const DEFAULT_SEAL_EARLY_BYTES = 5e9;
const HOUR_MS = 3_600_000;
const DAY_SECONDS = 24 * 3600;
/** The shortest expiration that KV allows. */
const MIN_TTL_SECONDS = 60;
/** How many windows one run handles in each step. */
const WINDOWS_PER_RUN = 20;
/** The limit is high, so that rounds that wait for their purge do not hide rounds that wait for their archive. */
const MAX_OPEN_SEALS = 1000;
/** How many portions of rows one run may delete. */
const MAX_PURGES = 500;
/** A part has at most about 2 MB. The first part lists the others. */
const PART_BYTES = 1_990_000;
/** Tasks that do not fit in these parts are left to the next round, so that one run can write a whole round. */
const MAX_FURTHER_PARTS = 200;

/** The KV operations of each step. Together with the steps of the sweep, a run uses fewer than 900. */
const CLOSE_OPERATIONS = 150;
const ARCHIVE_OPERATIONS = 290;

/**
 * Closes windows in which tasks have ended, once KV shows all their records, and archives the ended tasks in
 * rounds. A round is a last sweep, the seal, the archive, and some minutes later the purge of the rows. Each step
 * can be repeated, and other calls between two steps do no harm.
 */
export async function closeWindows(env: ApiEnv, now: number): Promise<void> {
  await takeStep(env, now, CLOSE_OPERATIONS, seal);
  await takeStep(env, now, ARCHIVE_OPERATIONS, archive);
}

async function seal(step: CronStep): Promise<void> {
  const { env, now } = step;
  const ledger = ledgerOf(env);
  const early =
    (await ledger.size()) > numberOf('SEAL_EARLY_BYTES', env.SEAL_EARLY_BYTES, DEFAULT_SEAL_EARLY_BYTES);
  const retention: PerType = early ? { default: 0, types: {} } : scaled(retentionHours(env), HOUR_MS);
  for (const { window, sealed } of await ledger.closable(retention, WINDOWS_PER_RUN, early)) {
    if (!sealed && windowEnd(window) >= now - SURE_AFTER_MS) continue;
    await tryAlone(step, 'archive', window, async () => {
      // Once the window is closed, the ledger refuses tasks that are still missing.
      if (sealed || (await sweepWindow(step, window, now))) await ledger.seal(window, retention);
      return true;
    });
  }
}

async function archive(step: CronStep): Promise<void> {
  const ledger = ledgerOf(step.env);
  const days = archiveDays(step.env);
  const seals = await ledger.openSeals(MAX_OPEN_SEALS);
  let purges = MAX_PURGES;
  for (const { window } of seals.filter((one) => one.purgeable).slice(0, WINDOWS_PER_RUN)) {
    await tryAlone(step, 'archive', window, async () => {
      while (purges-- > 0 && (await ledger.purge(window)).more);
      return true;
    });
  }
  await forgetEnded(step, seals);
  for (const open of seals.filter((one) => !one.archived).slice(0, WINDOWS_PER_RUN)) {
    await tryAlone(step, 'archive', open.window, () => writeRound(step, open, days));
  }
}

/** Clears the failures of rounds that have ended. The round may have ended although the response was lost. */
async function forgetEnded({ env, now, failures }: CronStep, seals: readonly OpenSeal[]): Promise<void> {
  const open = new Set(seals.map(({ window }) => window));
  for (const { step, name, retryAt } of failures) {
    if (step === 'archive' && retryAt <= now && !open.has(name)) await ledgerOf(env).clearFailure(step, name);
  }
}

/** Writes a round's tasks in parts. It writes the first part last, so if that part exists, all others do. */
async function writeRound(
  { env, budget }: CronStep,
  { window, round }: OpenSeal,
  days: PerType,
): Promise<boolean> {
  const ledger = ledgerOf(env);
  const write = (part: number, value: ArchiveHead | ArchivePart, keptDays: number) => {
    budget.spend();
    return env.TASK_STORAGE.put(archiveKey(CURRENT_SHARD, window, round, part), JSON.stringify(value), {
      expirationTtl: Math.max(Math.ceil(keptDays * DAY_SECONDS), MIN_TTL_SECONDS),
    });
  };
  const longest = (tasks: TaskRow[]) => Math.max(...tasks.map(({ type }) => ofType(days, type)));
  let head: TaskRow[] = [];
  let keptDays = 0;
  let upTo: string | null = null;
  const further: string[] = [];
  for await (const tasks of partsOf(env, window, round)) {
    if (tasks === null) return true;
    keptDays = Math.max(keptDays, longest(tasks));
    const first = tasks[0]?.id ?? '';
    if (head.length === 0) head = tasks;
    else await write(further.push(first), { tasks }, longest(tasks));
    if (further.length < MAX_FURTHER_PARTS) continue;
    upTo = tasks.at(-1)?.id ?? null;
    break;
  }
  if (head.length > 0) await write(0, { tasks: head, further }, keptDays);
  await ledger.markArchived(window, round, { tasks: head.length, upTo });
  return true;
}

/**
 * Splits the tasks of a round into parts, which do not depend on the ledger's pages. Yields null if another run
 * has written the round.
 */
async function* partsOf(env: ApiEnv, window: string, round: number): AsyncGenerator<TaskRow[] | null> {
  const parts = new PartCollector<TaskRow>({ size: PART_BYTES });
  let after: string | null = '';
  while (after !== null) {
    const page = await ledgerOf(env).archivePage(window, round, after, PART_BYTES);
    if (page === null) {
      yield null;
      return;
    }
    for (const task of page.tasks) {
      const complete = parts.add(task, byteLength(JSON.stringify(task)) + 1);
      if (complete) yield complete;
    }
    after = page.next;
  }
  const rest = parts.rest();
  if (rest) yield rest;
}
