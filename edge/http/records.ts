import type { WorkRow } from '../contract/ledger.ts';
import { recordKey, SubmissionRecord } from '../contract/submission.ts';
import { indexOf, submissionOf } from '../contract/task-id.ts';

/** What was submitted with a submission; null where KV does not have it, or does not show it yet. */
export async function readRecord(storage: KVNamespace, submission: string): Promise<SubmissionRecord | null> {
  const record = await storage.get(recordKey(submission), 'json');
  return record === null ? null : SubmissionRecord.parse(record);
}

/**
 * Fills in the payloads that lie in their submissions' records.
 *
 * @returns the tasks in their order, and those whose record is not there.
 */
export async function withPayloads<Task extends WorkRow>(
  storage: KVNamespace,
  tasks: readonly Task[],
): Promise<{ filled: Task[]; missing: Task[] }> {
  const submissions = new Set(
    tasks.filter((task) => task.payload === null).map((task) => submissionOf(task.id)),
  );
  const records = new Map<string, SubmissionRecord>();
  for (const submission of submissions) {
    const record = await readRecord(storage, submission);
    if (record) records.set(submission, record);
  }
  const filled: Task[] = [];
  const missing: Task[] = [];
  for (const task of tasks) {
    const body = records.get(submissionOf(task.id))?.tasks[indexOf(task.id)];
    if (task.payload !== null) filled.push(task);
    else if (body) filled.push({ ...task, payload: JSON.stringify(body.payload) });
    else missing.push(task);
  }
  return { filled, missing };
}
