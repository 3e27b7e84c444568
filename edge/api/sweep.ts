import { MAX_BATCH_TASKS } from '../contract/limits.ts';
import { newTasks, RecordMetadata, recordPrefix } from '../contract/submission.ts';
import { createdAtOf, windowAfter, windowAt, windowEnd } from '../contract/task-id.ts';
import { ledgerOf } from '../http/ledger.ts';
import { readRecord } from '../http/records.ts';
import { type ApiEnv, numberOf } from './env.ts';

const DEFAULT_SWEEP_AFTER_SECONDS = 60;
/** Recent windows are swept from this age less than `SWEEP_AFTER_SECONDS` on: two runs of the cron. */
const RECENT_MS = 130_000;
/** KV shows a key to every list by then: what is swept at this age needs no further sweep. */
const SURE_AFTER_MS = 15 * 60_000;
/** How many windows one run makes sure of, so that it ends in time after a long stop. */
const MAX_SURE_WINDOWS = 50;

/** How old a submission is when it is delivered past the queue, in milliseconds. */
export function sweepAfterMs(env: ApiEnv): number {
  return numberOf(env.SWEEP_AFTER_SECONDS, DEFAULT_SWEEP_AFTER_SECONDS) * 1000;
}

/** Delivers what was accepted and did not come through the queue: soon, and later once more for sure. */
export async function sweep(env: ApiEnv, now: number): Promise<void> {
  await makeSure(env, now);
  const newest = windowAt(now - sweepAfterMs(env));
  for (
    let window = windowAt(now - sweepAfterMs(env) - RECENT_MS);
    window <= newest;
    window = windowAfter(window)
  ) {
    await sweepWindow(env, window, now);
  }
}

async function makeSure(env: ApiEnv, now: number): Promise<void> {
  const ledger = ledgerOf(env);
  const swept = await ledger.sweptWindow();
  const due = windowAt(now - SURE_AFTER_MS);
  let window = swept === null ? due : windowAfter(swept);
  for (let count = 0; count < MAX_SURE_WINDOWS && windowEnd(window) < now - SURE_AFTER_MS; count += 1) {
    await sweepWindow(env, window, now);
    await ledger.markSwept(window);
    window = windowAfter(window);
  }
}

/** Delivers every submission of a window, old enough, of which the ledger lacks a task. */
export async function sweepWindow(env: ApiEnv, window: string, now: number): Promise<void> {
  const ledger = ledgerOf(env);
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
    const old = listed.filter(({ submission }) => createdAtOf(submission) <= now - sweepAfterMs(env));
    for (const submission of await ledger.incomplete(old)) await deliver(env, submission);
    cursor = page.list_complete ? undefined : page.cursor;
  } while (cursor !== undefined);
}

/** Inserts a submission straight into the ledger; tasks that are there stay as they are. */
export async function deliver(env: ApiEnv, submission: string): Promise<void> {
  const record = await readRecord(env.TASK_STORAGE, submission);
  if (record) await ledgerOf(env).insert(newTasks(record));
}
