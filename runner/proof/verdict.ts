import type { TaskView } from '../../edge/contract/api.ts';
import type { Run } from './run-log.ts';
import type { Life } from './runner-process.ts';
import { StepResult } from './step.ts';
import type { Step } from './workload.ts';

/** A task whose submission was answered. */
export interface Accepted {
  readonly taskId: string;
  readonly step: Step;
  /** The API answered that it cancelled the task. */
  readonly cancelled: boolean;
}

/** Everything that the harness observed during a run of the system. */
export interface Evidence {
  readonly accepted: readonly Accepted[];
  /** The ids of all tasks that the system lists at the end. */
  readonly listed: readonly string[];
  /** Each task as the API returns it at the end. */
  readonly views: ReadonlyMap<string, TaskView>;
  /** The runs that the tasks themselves wrote to their logs. */
  readonly runs: readonly Run[];
  /** The runners' processes. When a process is killed, its tasks end with it. */
  readonly lives: readonly Life[];
  /** Tasks whose end changed after it was first seen. */
  readonly changed: ReadonlyMap<string, string>;
}

/** What happened to the tasks. Each list has one entry for every task that it counts. */
export interface Verdict {
  readonly accepted: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly runs: number;
  /** Tasks that ran again although they did not fail: after a crash or a lost lease. */
  readonly runAgain: number;
  /** Tasks that were accepted but did not end. */
  readonly lost: string[];
  /** Tasks that ended in an unexpected state. */
  readonly endedOtherwise: string[];
  /** Tasks in the system that no answer contained. */
  readonly acceptedTwice: string[];
  /** Tasks whose end changed, or whose result comes from no successful run. */
  readonly endedTwice: string[];
  /** Tasks with two runs that overlap in time. */
  readonly overlapped: string[];
  /**
   * Tasks with a run that began after its attempt had ended. Two runs may share an attempt if the start of
   * the first was never reported: a runner read the task ahead and was lost before it reported the start.
   */
  readonly ranAfterItsEnd: string[];
  /** Tasks that spent more attempts than the maximum. */
  readonly beyondMaximum: string[];
}

export function judge(evidence: Evidence): Verdict {
  const { accepted, listed, views, changed } = evidence;
  const known = new Set(accepted.map(({ taskId }) => taskId));
  const runs = Map.groupBy(evidence.runs, ({ taskId }) => taskId);
  const endOf = endingsOf(evidence);
  const ended = accepted.flatMap((one) => {
    const view = views.get(one.taskId);
    return view?.completedAt === undefined ? [] : [{ ...one, view, runs: runs.get(one.taskId) ?? [] }];
  });
  const count = (status: string) => ended.filter(({ view }) => view.status === status).length;
  return {
    accepted: known.size,
    completed: count('completed'),
    failed: count('failed'),
    cancelled: count('cancelled'),
    runs: evidence.runs.length,
    runAgain: [...runs.values()].filter((own) => own.filter(({ end }) => end?.how !== 'failed').length > 1)
      .length,
    lost: accepted
      .filter(({ taskId }) => views.get(taskId)?.completedAt === undefined)
      .map(({ taskId }) => `${taskId} is ${views.get(taskId)?.status ?? 'unknown'}`),
    endedOtherwise: ended
      .filter(({ step, cancelled, view }) => !(cancelled ? ['cancelled'] : step.ends).includes(view.status))
      .map(({ step, cancelled, view }) => {
        const expected = cancelled ? 'cancelled' : step.ends.join(' or ');
        return `${view.taskId} is ${view.status} (${view.error?.message}), expected ${expected}`;
      }),
    acceptedTwice: listed.filter((taskId) => !known.has(taskId)),
    endedTwice: [
      ...[...changed].map(([taskId, change]) => `${taskId} was ${change}`),
      ...ended
        .filter(({ view, runs: own }) => view.status === 'completed' && !resultIsOf(view, own))
        .map(
          ({ view }) => `${view.taskId} has the result ${JSON.stringify(view.result)} that belongs to no run`,
        ),
    ],
    overlapped: [...runs.values()].flatMap((own) => overlapOf(own, endOf) ?? []),
    ranAfterItsEnd: ended.flatMap(({ view, runs: own }) => lateRunOf(view, own) ?? []),
    beyondMaximum: ended
      .filter(({ view, runs: own }) =>
        [view.attempt, ...own.map(({ attempt }) => attempt)].some((attempt) => attempt > view.maxAttempts),
      )
      .map(({ view }) => `${view.taskId} took ${view.attempt} attempts of ${view.maxAttempts}`),
  };
}

/** Whether the system kept its promises. */
export function holds(verdict: Verdict): boolean {
  return Object.values(verdict).every((value) => !Array.isArray(value) || value.length === 0);
}

/** Returns when a run ended. A run without an end in the log ended with its process. */
function endingsOf({ lives }: Evidence): (run: Run) => number {
  const ends = new Map(lives.map(({ pid, endedAt }) => [pid, endedAt]));
  return ({ pid, end }) => end?.at ?? ends.get(pid) ?? Number.POSITIVE_INFINITY;
}

function resultIsOf({ result }: TaskView, runs: readonly Run[]): boolean {
  const parsed = StepResult.safeParse(result);
  return runs.some(({ run, end }) => end?.how === 'ok' && run === parsed.data?.run);
}

function overlapOf(runs: readonly Run[], endOf: (run: Run) => number): string | undefined {
  const inOrder = runs.toSorted((a, b) => a.startedAt - b.startedAt);
  for (const [index, second] of inOrder.entries()) {
    const first = inOrder.slice(0, index).find((earlier) => endOf(earlier) > second.startedAt);
    if (first) {
      const overlapMs = Math.min(endOf(first), endOf(second)) - second.startedAt;
      return `${first.taskId} ran twice at once for ${overlapMs} ms: ${describe(first)} and ${describe(second)}`;
    }
  }
  return undefined;
}

function lateRunOf({ taskId, attempts }: TaskView, runs: readonly Run[]): string | undefined {
  const endOf = new Map(attempts.map(({ attempt, endedAt }) => [attempt, Date.parse(endedAt)]));
  const late = runs.find(
    ({ attempt, startedAt }) => startedAt > (endOf.get(attempt) ?? Number.POSITIVE_INFINITY),
  );
  return late && `${taskId} ran an attempt that had ended: ${describe(late)}`;
}

function describe({ attempt, pid, startedAt, end }: Run): string {
  return `attempt ${attempt} in process ${pid} from ${new Date(startedAt).toISOString()} (${end ? `${end.how} after ${end.at - startedAt} ms` : 'no end'})`;
}
