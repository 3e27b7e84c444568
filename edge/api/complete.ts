import { Completed, CompleteRequest, type Outcome, ReportAnswer, ReportRequest } from '../contract/api.ts';
import type { SettleOutcome, SettleReport, UnfencedReport } from '../contract/ledger/leases.ts';
import { MAX_JSON_DEPTH, MAX_RESULT_BYTES } from '../contract/limits.ts';
import { statusOf, type TaskState } from '../contract/task.ts';
import { byteLength, nestsDeeperThan } from '../contract/text.ts';
import { iso } from '../contract/time.ts';
import { ApiError, invalidRequest, taskNotFound } from '../http/errors.ts';
import { LEASE_ID, TASK_ID } from '../http/examples.ts';
import { readBody, readTaskId } from '../http/input.ts';
import { callsOf, ledgerOf } from '../platform/ledger.ts';
import { logOf, shown } from '../platform/log.ts';
import type { ApiContext, ApiEnv, ApiRoute } from './env.ts';

/** `POST /tasks/:id/complete`: one result. Only a consumer of single tasks may leave out the claim's lease id. */
export const completeTask: ApiRoute = [
  {
    name: 'completeTask',
    summary: 'Report the result of a task',
    description:
      'For a task of a batch claim, `leaseId` is required. For a task of a single-task claim, leave `leaseId` out.',
    tag: 'Consumers of single tasks',
    tokens: ['runner'],
    body: { schema: CompleteRequest, example: { success: true, result: { delivered: true } } },
    answer: {
      schema: Completed,
      example: { success: true, message: 'Task marked as completed', taskId: TASK_ID, status: 'completed' },
    },
    errors: ['task_not_found', 'stale_lease', 'lease_id_required', 'task_not_leased', 'result_too_large'],
  },
  async (c) => {
    const taskId = readTaskId(c);
    const { leaseId, ...request } = readBody(c, CompleteRequest);
    const report = { taskId, ...request, result: resultText(request.result) };
    const state = leaseId ? await settleFenced(c, { ...report, leaseId }) : await settleUnfenced(c, report);
    const answer: Completed = { success: true, message: messageOf(state), taskId, status: statusOf(state) };
    return c.json(answer);
  },
];

function messageOf(state: TaskState): string {
  const status = statusOf(state);
  return status === 'pending' ? 'Task waits for another attempt' : `Task marked as ${status}`;
}

/** `POST /tasks/complete`: the results of a runner. Each result has a separate outcome. */
export const completeTasks: ApiRoute = [
  {
    name: 'completeTasks',
    summary: 'Report the results of up to 1,000 tasks',
    description: 'Each result has a separate outcome. A repeated result gets the same outcome again.',
    tag: 'Runners',
    tokens: ['runner'],
    body: {
      schema: ReportRequest,
      example: {
        results: [{ taskId: TASK_ID, leaseId: LEASE_ID, success: true, result: { delivered: true } }],
      },
    },
    answer: { schema: ReportAnswer, example: { outcomes: [{ taskId: TASK_ID, status: 'completed' }] } },
    errors: ['result_too_large'],
  },
  async (c) => {
    const { results } = readBody(c, ReportRequest);
    const reports = results.map((report) => ({ ...report, result: resultText(report.result) }));
    const ledger = ledgerOf(c.env);
    const settled = await Promise.all(callsOf(reports).map((portion) => ledger.settle(portion)));
    const outcomes = settled.flatMap((one) => one.outcomes).map(outcomeView);
    const spaceMs = Math.max(0, ...settled.map((one) => one.spaceMs ?? 0)) || undefined;
    logOutcomes(c.env, results, outcomes);
    return c.json({ outcomes, spaceMs });
  },
];

/** Logs the outcomes of results. The outcomes are in the order of the results. */
function logOutcomes(
  env: ApiEnv,
  results: readonly { leaseId: string }[],
  outcomes: readonly Outcome[],
): void {
  const log = logOf(env);
  const lines = () =>
    outcomes.map(({ taskId, status }, index) => ({ taskId, leaseId: results[index]?.leaseId, status }));
  log.debug('Results were reported', () => ({ count: outcomes.length, results: shown(lines()) }));
  if (!outcomes.some(changedNothing)) return;
  const stale = lines().filter(changedNothing);
  log.warn('Results were ignored because their leases no longer hold the tasks', {
    count: stale.length,
    results: shown(stale),
  });
}

function changedNothing({ status }: Pick<Outcome, 'status'>): boolean {
  return status === 'stale' || status === 'unknown';
}

function outcomeView({ taskId, state, runAt }: SettleOutcome): Outcome {
  const status = state === 'stale' || state === 'unknown' ? state : statusOf(state);
  return { taskId, status, ...(runAt !== undefined && { runAt: iso(runAt) }) };
}

async function settleFenced(c: ApiContext, report: SettleReport): Promise<TaskState> {
  const { taskId } = report;
  const { outcomes } = await ledgerOf(c.env).settle([report]);
  const [outcome] = outcomes;
  if (!outcome) throw taskNotFound(taskId);
  logOutcomes(c.env, [report], [outcomeView(outcome)]);
  if (outcome.state === 'unknown') throw taskNotFound(taskId);
  if (outcome.state !== 'stale') return outcome.state;
  throw new ApiError('stale_lease', 'This lease no longer holds the task; discard the result', {
    taskId,
  });
}

async function settleUnfenced(c: ApiContext, report: UnfencedReport): Promise<TaskState> {
  const { taskId } = report;
  const outcome = await ledgerOf(c.env).settleUnfenced(report);
  if ('settled' in outcome) {
    logOf(c.env).debug('A result was reported without a lease', () => ({ taskId, state: outcome.settled }));
    return outcome.settled;
  }
  if ('unknown' in outcome) throw taskNotFound(taskId);
  const details = { taskId, currentStatus: statusOf(outcome.refused) };
  throw outcome.fenced
    ? new ApiError(
        'lease_id_required',
        'The task is claimed under a lease: report it with its leaseId',
        details,
      )
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
