import type { NewTask } from '../../contract/ledger/tasks.ts';
import { MAX_BATCH_TASKS } from '../../contract/limits.ts';
import { split } from '../../contract/parts.ts';
import { RecordMetadata, recordPrefix } from '../../contract/submission.ts';
import { createdAtOf, windowAfter, windowAt, windowEnd, windowOf } from '../../contract/task-id.ts';
import { insertTasks, ledgerOf } from '../../platform/ledger.ts';
import { logOf, shown } from '../../platform/log.ts';
import { readTasks, UnreadableRecord } from '../../platform/records.ts';
import { numberOf } from '../../platform/variables.ts';
import type { ApiEnv } from '../env.ts';
import { type CronStep, isWaiting, takeStep, tryAlone } from './cron-run.ts';

const DEFAULT_SWEEP_AFTER_SECONDS = 60;
/** Windows are swept while their age is between `SWEEP_AFTER_SECONDS` and this much more: two runs of the cron. */
const RECENT_MS = 130_000;
/** By this age every KV list shows a key, so a window that is swept at this age needs no further sweep. */
export const SURE_AFTER_MS = 15 * 60_000;
/** How many windows one run sweeps for the last time. The limit lets a run end in time after a long outage. */
const MAX_SURE_WINDOWS = 50;
/** The last sweeps of a new deployment begin with windows of this age. */
const FIRST_SURE_MS = 3_600_000;
/** If KV does not show a record by this age, the record no longer exists. */
const GONE_AFTER_MS = 24 * 3_600_000;
/** How many tasks one call of the ledger counts. */
const MAX_COUNTED_TASKS = 5000;

/** The KV operations of each step. Together with the steps of the archive, a run uses fewer than 900. */
const RECENT_OPERATIONS = 200;
const RETRY_OPERATIONS = 100;
const SURE_OPERATIONS = 150;

/** The age at which the sweep delivers a submission that the queue has not delivered, in milliseconds. */
export function sweepAfterMs(env: ApiEnv): number {
  return numberOf('SWEEP_AFTER_SECONDS', env.SWEEP_AFTER_SECONDS, DEFAULT_SWEEP_AFTER_SECONDS) * 1000;
}

/**
 * Delivers accepted submissions that the queue has not delivered. Each window is swept soon, and again when KV
 * surely shows all its records. A window or a submission that fails is retried later, and delays only its window.
 */
export async function sweep(env: ApiEnv, now: number): Promise<void> {
  const upTo = now - sweepAfterMs(env);
  await takeStep(env, now, RECENT_OPERATIONS, (step) => sweepRecent(step, upTo));
  await takeStep(env, now, RETRY_OPERATIONS, (step) => retryFailed(step, upTo));
  await takeStep(env, now, SURE_OPERATIONS, makeSure);
}

async function sweepRecent(step: CronStep, upTo: number): Promise<void> {
  for (let window = windowAt(upTo - RECENT_MS); window <= windowAt(upTo); window = windowAfter(window)) {
    await sweepAlone(step, window, upTo);
  }
}

/** Retries the windows and submissions that failed. */
async function retryFailed(step: CronStep, upTo: number): Promise<void> {
  const due = step.failures.filter((failure) => failure.step === 'sweep' && failure.retryAt <= step.now);
  for (const { name } of due) {
    await (name === windowOf(name) ? sweepAlone(step, name, upTo) : deliver(step, name));
  }
}

/**
 * Sweeps windows for the last time, oldest first. It continues past failures that the ledger has stored. While the
 * ledger is full, it waits.
 */
async function makeSure(step: CronStep): Promise<void> {
  const ledger = ledgerOf(step.env);
  const upTo = step.now - SURE_AFTER_MS;
  const swept = (await ledger.sweptWindow()) ?? windowAt(upTo - FIRST_SURE_MS);
  let window = windowAfter(swept);
  for (let count = 0; count < MAX_SURE_WINDOWS && windowEnd(window) < upTo; count += 1) {
    if (!(await sweepAlone(step, window, upTo))) return;
    await ledger.markSwept(window);
    window = windowAfter(window);
  }
}

async function sweepAlone(step: CronStep, window: string, upTo: number): Promise<boolean> {
  if (isWaiting(step, 'sweep', window)) return true;
  return tryAlone(step, 'sweep', window, () => sweepWindow(step, window, upTo));
}

/**
 * Delivers every submission of a window that has a task which the ledger does not have.
 *
 * @param upTo only submissions that were accepted up to this time, in Unix milliseconds.
 * @returns whether each submission is in the ledger now, or stored there as failed.
 */
export async function sweepWindow(step: CronStep, window: string, upTo: number): Promise<boolean> {
  let cursor: string | undefined;
  do {
    step.budget.spend();
    const page: KVNamespaceListResult<unknown> = await step.env.TASK_STORAGE.list({
      prefix: recordPrefix(window),
      ...(cursor !== undefined && { cursor }),
    });
    const listed = page.keys.map(({ name, metadata }) => ({
      submission: name.slice(name.lastIndexOf(':') + 1),
      tasks: RecordMetadata.catch({ tasks: MAX_BATCH_TASKS }).parse(metadata).tasks,
    }));
    const missing = await missingOf(
      step.env,
      listed.filter(({ submission }) => createdAtOf(submission) <= upTo),
    );
    const due = missing.filter((submission) => !isWaiting(step, 'sweep', submission));
    if (due.length > 0) {
      logOf(step.env).info('The sweep delivers submissions that the queue has not delivered', {
        window,
        count: due.length,
        submissions: shown(due),
      });
    }
    for (const submission of due) if (!(await deliver(step, submission))) return false;
    cursor = page.list_complete ? undefined : page.cursor;
  } while (cursor !== undefined);
  return true;
}

async function missingOf(env: ApiEnv, listed: { submission: string; tasks: number }[]): Promise<string[]> {
  const missing: string[] = [];
  for (const part of split(listed, ({ tasks }) => tasks, { size: MAX_COUNTED_TASKS })) {
    missing.push(...(await ledgerOf(env).incomplete(part)));
  }
  return missing;
}

/**
 * Inserts the missing tasks of a submission into the ledger without the queue.
 *
 * @returns false if the ledger is full, or if the delivery failed and the ledger could not store the failure.
 */
function deliver(step: CronStep, submission: string): Promise<boolean> {
  return tryAlone(step, 'sweep', submission, async () => {
    const tasks = await readDeliverable(step, submission);
    return tasks.length === 0 || !(await insertTasks(step.env, tasks)).full;
  });
}

/** The tasks of a submission; none if it can never be delivered. */
async function readDeliverable({ env, now, budget }: CronStep, submission: string): Promise<NewTask[]> {
  budget.spend();
  try {
    const read = await readTasks(env.TASK_STORAGE, submission, { payloads: 'inline' });
    if ('tasks' in read && read.tasks.length > 0) return read.tasks;
  } catch (error) {
    if (!(error instanceof UnreadableRecord)) throw error;
    logOf(env).error('A record cannot be read, so the sweep skips it', { submission, error });
    return [];
  }
  if (now - createdAtOf(submission) < GONE_AFTER_MS) throw new Error('KV does not show the record yet');
  logOf(env).error('A record was gone before its tasks were delivered, so the sweep skips it', {
    submission,
  });
  return [];
}
