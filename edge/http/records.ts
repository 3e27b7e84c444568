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
 * Fills in the payloads that lie in their submissions' records, one record in memory at a time.
 *
 * @returns the tasks in their order, and those whose record is not there.
 */
export async function withPayloads<Task extends WorkRow>(
  storage: KVNamespace,
  tasks: readonly Task[],
): Promise<{ filled: Task[]; missing: Task[] }> {
  const payloads = new Map<string, string>();
  const large = tasks.filter((task) => task.payload === null);
  for (const [submission, ofSubmission] of Map.groupBy(large, (task) => submissionOf(task.id))) {
    const record = await readRecord(storage, submission);
    for (const { id } of ofSubmission) {
      const body = record?.tasks[indexOf(id)];
      if (body) payloads.set(id, JSON.stringify(body.payload));
    }
  }
  const filled = tasks.map((task) => ({ ...task, payload: task.payload ?? payloads.get(task.id) ?? null }));
  return {
    filled: filled.filter((task) => task.payload !== null),
    missing: filled.filter((task) => task.payload === null),
  };
}
