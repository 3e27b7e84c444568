import type { WorkRow } from '../contract/ledger.ts';
import { recordKey, SubmissionRecord } from '../contract/submission.ts';
import { indexOf, submissionOf } from '../contract/task-id.ts';

/** A record that has not the form of a submission: it can never be delivered. */
export class UnreadableRecord extends Error {}

/**
 * What was submitted with a submission; null where KV does not have it, or does not show it yet.
 *
 * @throws {UnreadableRecord}
 */
export async function readRecord(storage: KVNamespace, submission: string): Promise<SubmissionRecord | null> {
  const text = await storage.get(recordKey(submission));
  if (text === null) return null;
  try {
    return SubmissionRecord.parse(JSON.parse(text));
  } catch (cause) {
    throw new UnreadableRecord(`The record of the submission ${submission} cannot be read: ${cause}`, {
      cause,
    });
  }
}

/**
 * Why a payload is not there: KV does not have the record (or does not show it yet), the record has not the
 * form of a submission, or KV cannot be read now.
 */
export type PayloadProblem = 'missing' | 'unreadable' | 'unavailable';

export interface Unfilled<Task> {
  task: Task;
  problem: PayloadProblem;
  error?: unknown;
}

/**
 * Fills in the payloads that lie in their submissions' records, one record in memory at a time. A record that
 * cannot be read concerns its own tasks only.
 *
 * @returns the tasks in their order, and apart those without their payload.
 */
export async function withPayloads<Task extends WorkRow>(
  storage: KVNamespace,
  tasks: readonly Task[],
): Promise<{ filled: Task[]; unfilled: Unfilled<Task>[] }> {
  const payloads = new Map<string, string>();
  const unfilled: Unfilled<Task>[] = [];
  const large = tasks.filter((task) => task.payload === null);
  for (const [submission, ofSubmission] of Map.groupBy(large, (task) => submissionOf(task.id))) {
    const { record, ...reason } = await tryRecord(storage, submission);
    for (const task of ofSubmission) {
      const body = record?.tasks[indexOf(task.id)];
      if (body) payloads.set(task.id, JSON.stringify(body.payload));
      else unfilled.push({ task, ...reason });
    }
  }
  const filled = tasks.flatMap((task) => {
    const payload = task.payload ?? payloads.get(task.id);
    return payload === undefined ? [] : [{ ...task, payload }];
  });
  return { filled, unfilled };
}

/** A record, or none; `problem` applies to a task that it does not have, too. */
async function tryRecord(
  storage: KVNamespace,
  submission: string,
): Promise<{ record: SubmissionRecord | null; problem: PayloadProblem; error?: unknown }> {
  try {
    return { record: await readRecord(storage, submission), problem: 'missing' };
  } catch (error) {
    const problem = error instanceof UnreadableRecord ? 'unreadable' : 'unavailable';
    return { record: null, problem, error };
  }
}
