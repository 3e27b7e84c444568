import type { Context } from 'hono';
import { SubmissionId } from '../../contract/api.ts';
import { MAX_SUBMISSION_AGE_SECONDS, MAX_SUBMISSION_AHEAD_SECONDS } from '../../contract/limits.ts';
import { CURRENT_SHARD, createdAtOf, newSubmission, submissionFrom } from '../../contract/task-id.ts';
import { bodyOf } from '../../http/body.ts';
import { ApiError, invalidRequest } from '../../http/errors.ts';

/**
 * Creates the name of a request's submission. With the header `Submission-Id`, the name is derived only from the
 * header and the request. So a repeat has the same time and the same task ids: it writes the same record again and
 * inserts nothing. The time must be recent, so that its window has not been swept for the last time.
 *
 * @returns `named` if the request has a `Submission-Id`. Such a request may be a repeat.
 * @throws {ApiError} 400 if the header is not a UUIDv7, or if its time is too far from now.
 */
export async function nameSubmission(c: Context): Promise<{ submission: string; named: boolean }> {
  const id = readSubmissionId(c);
  if (id === undefined) {
    const random = crypto.getRandomValues(new Uint8Array(6));
    return { submission: newSubmission(Date.now(), CURRENT_SHARD, random), named: false };
  }
  const request = `${id}\n${c.req.path}\n${bodyOf(c)}`;
  return { submission: await submissionFrom(request, createdAtOf(id), CURRENT_SHARD), named: true };
}

/**
 * The time of a request: that of its `Submission-Id`, so that a repeat has the same time, or else now. Unix
 * milliseconds.
 *
 * @throws {ApiError} 400 as {@link nameSubmission}.
 */
export function requestTime(c: Context): number {
  const id = readSubmissionId(c);
  return id === undefined ? Date.now() : createdAtOf(id);
}

function readSubmissionId(c: Context): string | undefined {
  const header = c.req.header('Submission-Id');
  if (header === undefined) return undefined;
  const parsed = SubmissionId.safeParse(header);
  if (!parsed.success) {
    const message = parsed.error.issues[0]?.message ?? 'Invalid Submission-Id';
    throw invalidRequest({ path: ['Submission-Id'], message });
  }
  expectRecent(createdAtOf(parsed.data), Date.now());
  return parsed.data;
}

function expectRecent(createdAt: number, now: number): void {
  const ageSeconds = (now - createdAt) / 1000;
  if (ageSeconds <= MAX_SUBMISSION_AGE_SECONDS && -ageSeconds <= MAX_SUBMISSION_AHEAD_SECONDS) return;
  const bounds = `at most ${MAX_SUBMISSION_AGE_SECONDS / 60} minutes old and ${MAX_SUBMISSION_AHEAD_SECONDS} s ahead`;
  const distance = `${Math.abs(Math.round(ageSeconds))} s ${ageSeconds > 0 ? 'old' : 'ahead'}`;
  throw new ApiError(
    'submission_id_not_current',
    `Expected a Submission-Id ${bounds}, got one that is ${distance}: check the clock, or create a new id`,
  );
}
