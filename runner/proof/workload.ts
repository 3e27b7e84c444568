import { DEFAULT_MAX_ATTEMPTS } from '../../edge/contract/limits.ts';
import type { TaskStatus, TaskSubmission } from '../../edge/contract/task.ts';
import type { Random } from './random.ts';
import type { StepPayload } from './step.ts';

/** One task of the workload, with the states in which it may end. */
export interface Step {
  readonly task: TaskSubmission & { payload: StepPayload };
  readonly ends: readonly TaskStatus[];
  /** The client cancels the task this long after its submission. */
  readonly cancelAfterMs?: number;
}

/** Tasks that a client submits with one request. */
export interface Submission {
  readonly atMs: number;
  readonly steps: readonly Step[];
}

const MAX_BATCH = 20;
/** More attempts than crashes can spend in practice. */
const PLENTY_OF_ATTEMPTS = 50;
const BACKOFF = { baseSeconds: 0.2, capSeconds: 2 };

/** Creates tasks of all kinds, single and in batches, spread over some seconds. */
export function makeWorkload(random: Random, tasks: number, seconds: number): Submission[] {
  const batches: Step[][] = [];
  for (let index = 0; index < tasks; ) {
    const size = random.chance(0.6) ? 1 : Math.min(random.int(2, MAX_BATCH), tasks - index);
    const first = index;
    batches.push(Array.from({ length: size }, (_, place) => makeStep(random, first + place)));
    index += size;
  }
  const gapMs = (seconds * 1000) / batches.length;
  return batches.map((steps, index) => ({ atMs: (index + random.next()) * gapMs, steps }));
}

function makeStep(random: Random, index: number): Step {
  const io = random.chance(0.3);
  const ms = random.chance(0.1) ? random.int(100, 400) : random.int(1, 60);
  const { payload, ...kind } = makeKind(random);
  return {
    task: {
      type: io ? 'chaos-wait' : 'chaos-step',
      priority: random.int(-2, 2),
      backoff: BACKOFF,
      ...(random.chance(0.1) && { delaySeconds: random.int(1, 5) }),
      maxAttempts: kind.maxAttempts,
      payload: { index, ms, ...payload },
    },
    ends: kind.ends,
    ...(random.chance(0.03) && { cancelAfterMs: random.int(0, 500) }),
  };
}

interface Kind {
  readonly payload: Partial<StepPayload>;
  readonly ends: readonly TaskStatus[];
  readonly maxAttempts: number;
}

function makeKind(random: Random): Kind {
  const dice = random.next();
  if (dice < 0.15) {
    return {
      payload: { failTimes: random.int(1, 2) },
      ends: ['completed'],
      maxAttempts: PLENTY_OF_ATTEMPTS,
    };
  }
  if (dice < 0.2) {
    return {
      payload: { failTimes: DEFAULT_MAX_ATTEMPTS },
      ends: ['failed'],
      maxAttempts: DEFAULT_MAX_ATTEMPTS,
    };
  }
  if (dice < 0.25) return { payload: { fatal: true }, ends: ['failed'], maxAttempts: PLENTY_OF_ATTEMPTS };
  // Crashes may spend both attempts of these tasks.
  if (dice < 0.3) return { payload: {}, ends: ['completed', 'failed'], maxAttempts: 2 };
  return { payload: {}, ends: ['completed'], maxAttempts: PLENTY_OF_ATTEMPTS };
}
