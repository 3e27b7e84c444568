import { MAX_BATCH_TASKS } from '../contract/limits.ts';
import { newTasks, RecordMetadata, recordPrefix } from '../contract/submission.ts';
import { createdAtOf, windowAfter, windowAt, windowEnd } from '../contract/task-id.ts';
import { insertTasks, ledgerOf } from '../http/ledger.ts';
import { logOf, shown } from '../http/log.ts';
import { readRecord, UnreadableRecord } from '../http/records.ts';
import { numberOf } from '../http/variables.ts';
import type { ApiEnv } from './env.ts';

const DEFAULT_SWEEP_AFTER_SECONDS = 60;
/** Recent windows are swept from this age less than `SWEEP_AFTER_SECONDS` on: two runs of the cron. */
const RECENT_MS = 130_000;
/** KV shows a key to every list by then: what is swept at this age needs no further sweep. */
export const SURE_AFTER_MS = 15 * 60_000;
/** How many windows one run makes sure of, so that it ends in time after a long stop. */
const MAX_SURE_WINDOWS = 50;

/** A new deployment makes sure of this much before its first sweep. */
const FIRST_SURE_MS = 3_600_000;

/** How old a submission is when it is delivered past the queue, in milliseconds. */
export function sweepAfterMs(env: ApiEnv): number {
  return numberOf('SWEEP_AFTER_SECONDS', env.SWEEP_AFTER_SECONDS, DEFAULT_SWEEP_AFTER_SECONDS) * 1000;
}

/** Delivers what was accepted and did not come through the queue: soon, and later once more for sure. */
export async function sweep(env: ApiEnv, now: number): Promise<void> {
  await makeSure(env, now);
  const upTo = now - sweepAfterMs(env);
  for (let window = windowAt(upTo - RECENT_MS); window <= windowAt(upTo); window = windowAfter(window)) {
    await sweepWindow(env, window, upTo);
  }
}

/** Goes on from window to window; one of which something could not be taken in is tried again. */
async function makeSure(env: ApiEnv, now: number): Promise<void> {
  const ledger = ledgerOf(env);
  const upTo = now - SURE_AFTER_MS;
  const swept = (await ledger.sweptWindow()) ?? windowAt(upTo - FIRST_SURE_MS);
  let window = windowAfter(swept);
  for (let count = 0; count < MAX_SURE_WINDOWS && windowEnd(window) < upTo; count += 1) {
    if (!(await sweepWindow(env, window, upTo))) return;
    await ledger.markSwept(window);
    window = windowAfter(window);
  }
}

/**
 * Delivers every submission of a window of which the ledger lacks a task.
 *
 * @param upTo when the last of them was accepted, in Unix milliseconds.
 * @returns whether the ledger has them all now.
 */
export async function sweepWindow(env: ApiEnv, window: string, upTo: number): Promise<boolean> {
  const ledger = ledgerOf(env);
  let complete = true;
  let cursor: string | undefined;
  do {
    const page: KVNamespaceListResult<unknown> = await env.TASK_STORAGE.list({
      prefix: recordPrefix(window),
      ...(cursor !== undefined && { cursor }),
    });
    const listed = page.keys.map(({ name, metadata }) => ({
      submission: name.slice(name.lastIndexOf(':') + 1),
      tasks: RecordMetadata.catch({ tasks: MAX_BATCH_TASKS }).parse(metadata).tasks,
    }));
    const due = listed.filter(({ submission }) => createdAtOf(submission) <= upTo);
    const missing = await ledger.incomplete(due);
    if (missing.length > 0) {
      const submissions = shown(missing);
      logOf(env).info('Submissions did not come through the queue: the sweep delivers them', {
        window,
        count: missing.length,
        submissions,
      });
    }
    for (const submission of missing) {
      complete = (await deliver(env, submission)) && complete;
    }
    cursor = page.list_complete ? undefined : page.cursor;
  } while (cursor !== undefined);
  return complete;
}

/**
 * Inserts a submission straight into the ledger; tasks that are there stay as they are.
 *
 * @returns false where the ledger is full, or KV does not show the record.
 */
async function deliver(env: ApiEnv, submission: string): Promise<boolean> {
  try {
    const record = await readRecord(env.TASK_STORAGE, submission);
    return record !== null && !(await insertTasks(env, newTasks(record))).full;
  } catch (error) {
    if (!(error instanceof UnreadableRecord)) throw error;
    logOf(env).error('A record cannot be read, so it is passed over', { submission, error });
    return true;
  }
}
