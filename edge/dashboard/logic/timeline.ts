import type { TaskView } from '../../contract/api.ts';
import type { TaskError } from '../../contract/task.ts';

/** A part of a task's history. Times are Unix milliseconds. */
export type Span = {
  readonly from: number;
  readonly to: number;
  /** The position on the whole line, from 0 to 1. */
  readonly start: number;
  readonly width: number;
} & (
  | { readonly kind: 'waited' | 'waits' | 'forgotten' }
  /** The task waits for its start time, which is `to`. */
  | { readonly kind: 'scheduled' }
  | {
      readonly kind: 'attempt';
      readonly attempt: number;
      readonly runner: string;
      readonly error?: TaskError;
    }
  /** If `sinceKnown` is false, the start of the attempt is unknown, and `from` is the earliest possible time. */
  | {
      readonly kind: 'running';
      readonly attempt: number;
      readonly runner?: string;
      readonly sinceKnown: boolean;
    }
);

/** The runner that holds a task, and since when. */
export interface Holder {
  readonly runner: string;
  readonly since: number;
}

type Placed = 'start' | 'width';
type Bare = Span extends infer One ? (One extends Span ? Omit<One, Placed> : never) : never;

/** Lays a task's history out on a line from its creation to its end, to its start time, or to now. */
export function layTimeline(task: TaskView, now: number, holder?: Holder): Span[] {
  const created = Date.parse(task.createdAt);
  const spans: Bare[] = [];
  let at = created;
  const waitUntil = (until: number, kind: 'waited' | 'waits' | 'forgotten') => {
    if (until > at) spans.push({ kind, from: at, to: until });
    at = Math.max(at, until);
  };

  for (const [index, { attempt, runner, startedAt, endedAt, error }] of task.attempts.entries()) {
    waitUntil(Date.parse(startedAt), index === 0 && attempt > 1 ? 'forgotten' : 'waited');
    const from = Date.parse(startedAt);
    const to = Math.max(from, Date.parse(endedAt));
    spans.push({ kind: 'attempt', from, to, attempt, runner, ...(error && { error }) });
    at = Math.max(at, to);
  }
  if (task.status === 'processing') {
    if (holder) waitUntil(holder.since, 'waited');
    const from = holder ? Math.max(at, holder.since) : at;
    const { attempt } = task;
    spans.push({
      kind: 'running',
      from,
      to: Math.max(from, now),
      attempt,
      ...(holder && { runner: holder.runner }),
      sinceKnown: holder !== undefined,
    });
  } else if (task.status === 'pending') {
    const runAt = task.runAt === undefined ? now : Date.parse(task.runAt);
    if (runAt > now) spans.push({ kind: 'scheduled', from: at, to: runAt });
    else waitUntil(now, 'waits');
  } else if (task.completedAt !== undefined) {
    waitUntil(Date.parse(task.completedAt), 'waited');
  }
  return place(spans, created);
}

/** The ledger records the end of a task a moment after its last attempt. A shorter gap is not shown as a wait. */
const NO_WAIT_MS = 20;

function place(all: readonly Bare[], created: number): Span[] {
  const last = all.length - 1;
  const spans = all.filter((span, index) => {
    return !(index === last && last > 0 && span.kind === 'waited' && span.to - span.from < NO_WAIT_MS);
  });
  const end = Math.max(...spans.map(({ to }) => to), created + 1);
  const length = end - created;
  return spans.map((span) => ({
    ...span,
    start: (span.from - created) / length,
    width: (span.to - span.from) / length,
  }));
}
