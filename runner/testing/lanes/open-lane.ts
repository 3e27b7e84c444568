import type { TestContext } from 'node:test';
import { waitFor } from '../../../edge/testing/wait-for.ts';
import { createBus } from '../../events.ts';
import { Lane, type LaneOptions } from '../../execution/lane.ts';
import { MemoryWatch } from '../../execution/memory-watch.ts';
import type { HeldTask } from '../../held-task.ts';
import type { Outcome } from '../../threads/thread-protocol.ts';
import { fixtureEntry, type HeldTaskOptions, heldTask, type Order } from '../held-tasks.ts';

/** A lane whose events are recorded. Its threads end with the test. */
export async function openLane(t: TestContext, options: Partial<LaneOptions> = {}) {
  const outcomes = new Map<HeldTask, Outcome>();
  const givenBack: HeldTask[] = [];
  const started: string[] = [];
  const running = new Set<string>();
  const lines: string[] = [];
  let freed = 0;
  let mostRunning = 0;

  const events = createBus();
  const lane = new Lane({
    types: [fixtureEntry('cpu'), fixtureEntry('io')],
    threads: 2,
    tasksPerThread: 1,
    dataDir: '/data',
    env: process.env,
    events,
    memory: new MemoryWatch(events),
    onOutcome: (held, outcome) => void outcomes.set(held, outcome),
    onGiveBack: (tasks) => void givenBack.push(...tasks),
    onStuck: () => {},
    onFreed: () => {
      freed += 1;
    },
    ...options,
  });
  events.on('started', ({ task }) => {
    started.push(task.taskId);
    mostRunning = Math.max(mostRunning, lane.running);
  });
  events.on('progress', ({ held }) => void running.add(held.task.taskId));
  events.on('log', ({ message }) => void lines.push(message));
  // The lane's threads do not keep the process alive. In a runner, its timers do.
  const keepAlive = setInterval(() => {}, 1000);
  t.after(async () => {
    await lane.close();
    clearInterval(keepAlive);
  });

  // Without this, the start of a thread would count as part of a task's run time.
  await lane.warmUp();

  /** Starts a task and waits until its code runs. */
  const run = async (order: Order, rest?: HeldTaskOptions): Promise<HeldTask> => {
    const held = heldTask(order, rest);
    lane.accept([held]);
    await waitFor('the task to run', () => running.has(held.task.taskId));
    return held;
  };
  const outcomeOf = async (held: HeldTask): Promise<Outcome> => {
    await waitFor('the outcome', () => outcomes.has(held));
    return outcomes.get(held) ?? { result: undefined };
  };
  const codeOf = async (held: HeldTask): Promise<string> => {
    const outcome = await outcomeOf(held);
    return 'error' in outcome ? outcome.error.code : 'success';
  };
  /** Acknowledges all outcomes so far. */
  const acknowledgeAll = () => {
    for (const held of outcomes.keys()) lane.acknowledge(held);
  };
  const seen = { outcomes, givenBack, started, running, lines };
  return {
    lane,
    events,
    run,
    outcomeOf,
    codeOf,
    acknowledgeAll,
    ...seen,
    freed: () => freed,
    mostRunning: () => mostRunning,
  };
}
