import type { Context } from 'hono';
import { type Completed, CompleteRequest, type Outcome, ReportRequest } from '../contract/api.ts';
import type { SettleOutcome, UnfencedOutcome } from '../contract/ledger.ts';
import { MAX_JSON_DEPTH, MAX_RESULT_BYTES } from '../contract/limits.ts';
import { statusOf, type TaskState } from '../contract/task.ts';
import { byteLength, nestsDeeperThan } from '../contract/text.ts';
import { chunks } from '../http/chunks.ts';
import { ApiError, invalidRequest, taskNotFound } from '../http/errors.ts';
import { readBody, readTaskId } from '../http/input.ts';
import { ledgerOf } from '../http/ledger.ts';
import { iso } from '../http/time.ts';
import type { ApiEnv } from './env.ts';

type ApiContext = Context<{ Bindings: ApiEnv }>;

/** `POST /tasks/:id/complete`: one result, with the lease id of the claim or, as a single-task consumer, without. */
export async function completeOne(c: ApiContext): Promise<Response> {
  const taskId = readTaskId(c);
  const { leaseId, ...request } = await readBody(c, CompleteRequest);
  const report = { taskId, ...request, result: resultText(request.result) };
  const ledger = ledgerOf(c.env);
  const state = leaseId
    ? fencedState(taskId, (await ledger.settle([{ ...report, leaseId }]))[0])
    : unfencedState(taskId, await ledger.settleUnfenced(report));
  const answer: Completed = { success: true, message: messageOf(state), taskId, status: statusOf(state) };
  return c.json(answer);
}

function messageOf(state: TaskState): string {
  const status = statusOf(state);
  return status === 'pending' ? 'Task waits for another attempt' : `Task marked as ${status}`;
}

/** One call to the ledger carries this much, of the 32 MiB that it may: text can take two bytes a character. */
const SETTLE_CHARACTERS = 8 * 1024 * 1024;

/** `POST /tasks/complete`: the results of a runner, each answered for itself. */
export async function completeMany(c: ApiContext): Promise<Response> {
  const { results } = await readBody(c, ReportRequest);
  const reports = results.map((report) => {
    const result = resultText(report.result);
    return {
      report: { ...report, result },
      bytes: (result?.length ?? 0) + (report.error?.message.length ?? 0),
    };
  });
  const ledger = ledgerOf(c.env);
  const settled = await Promise.all(
    chunks(reports, SETTLE_CHARACTERS).map((chunk) => ledger.settle(chunk.map(({ report }) => report))),
  );
  return c.json({ outcomes: settled.flat().map(outcomeView) });
}

function outcomeView({ taskId, state, runAt }: SettleOutcome): Outcome {
  const status = state === 'stale' || state === 'unknown' ? state : statusOf(state);
  return { taskId, status, ...(runAt !== undefined && { runAt: iso(runAt) }) };
}

function fencedState(taskId: string, outcome: SettleOutcome | undefined): TaskState {
  if (!outcome || outcome.state === 'unknown') throw taskNotFound(taskId);
  if (outcome.state !== 'stale') return outcome.state;
  throw new ApiError('stale_lease', 'This lease does not hold the task any more; drop its result', {
    taskId,
  });
}

function unfencedState(taskId: string, outcome: UnfencedOutcome): TaskState {
  if ('settled' in outcome) return outcome.settled;
  if ('unknown' in outcome) throw taskNotFound(taskId);
  const details = { taskId, currentStatus: statusOf(outcome.refused) };
  throw outcome.fenced
    ? new ApiError('lease_id_required', 'The task is held under a lease: report it with its leaseId', details)
    : new ApiError('task_not_leased', 'The task is not claimed: claim it before you report it', details);
}

function resultText(result: unknown): string | undefined {
  if (result === undefined) return undefined;
  if (nestsDeeperThan(result, MAX_JSON_DEPTH)) {
    throw invalidRequest({
      path: ['result'],
      message: `Expected a result of at most ${MAX_JSON_DEPTH} levels`,
    });
  }
  const text = JSON.stringify(result);
  const bytes = byteLength(text);
  if (bytes <= MAX_RESULT_BYTES) return text;
  throw new ApiError(
    'result_too_large',
    `Expected a result of at most ${MAX_RESULT_BYTES} bytes, got ${bytes}`,
  );
}
