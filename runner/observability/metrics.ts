import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { TaskStatus } from '../../edge/contract/task.ts';
import { EDGE_CALLS, EdgeError } from '../connection/edge-client.ts';
import type { RunnerBus } from '../events.ts';
import type { HeldTask } from '../held-task.ts';
import type { Runner } from '../runner.ts';
import { addEventLoopDelay } from './event-loop-delay.ts';
import type { Readiness } from './readiness.ts';

const WAIT_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600];
const RUN_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];
const CALL_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The measured parts of a runner. */
export type MeasuredRunner = Pick<Runner, 'name' | 'events' | 'catalog' | 'lanes'>;

/** Creates the metrics of a runner. Its events are counted, and its state is read at each collection. */
export function createMetrics(runner: MeasuredRunner, readiness: () => Readiness): Registry {
  const registry = new Registry();
  addState(registry, runner, readiness);
  countTasks(registry, runner);
  timeTasks(registry, runner.events);
  measureCalls(registry, runner.events);
  addEventLoopDelay(registry);
  addProcess(registry);
  return registry;
}

function addState(registry: Registry, { name, lanes }: MeasuredRunner, readiness: () => Readiness): void {
  const registers = [registry];
  new Gauge({
    name: 'task_runner_info',
    help: 'Always 1; `runner` is the name that attempts and logs show',
    labelNames: ['runner'],
    registers,
  }).set({ runner: name }, 1);
  const ready = new Gauge({
    name: 'task_runner_ready',
    help: '1 while GET /ready answers 200, else 0',
    registers,
    collect: () => {
      ready.set(readiness().status === 'ready' ? 1 : 0);
    },
  });
  const slots = new Gauge({
    name: 'task_runner_slots',
    help: 'Tasks that a lane runs at once',
    labelNames: ['lane'],
    registers,
    collect: () => {
      for (const [lane, { capacity }] of lanes) slots.set({ lane }, capacity);
    },
  });
  const stuckThreads = new Gauge({
    name: 'task_runner_threads_stuck',
    help: 'Threads that should have ended but still run native code',
    labelNames: ['lane'],
    registers,
    collect: () => {
      for (const [lane, { stuck }] of lanes) stuckThreads.set({ lane }, stuck.length);
    },
  });
  const held = new Gauge({
    name: 'task_runner_tasks_held',
    help: 'Tasks that a lane holds in memory, in any state',
    labelNames: ['lane'],
    registers,
    collect: () => {
      for (const [lane, load] of lanes) held.set({ lane }, load.held);
    },
  });
  const tasks = new Gauge({
    name: 'task_runner_tasks',
    help: 'Tasks that a lane holds: waiting for a slot, running, or unreported (ended, report not acknowledged)',
    labelNames: ['lane', 'state'],
    registers,
    collect: () => {
      for (const [lane, { waiting, running, unreported }] of lanes) {
        tasks.set({ lane, state: 'waiting' }, waiting);
        tasks.set({ lane, state: 'running' }, running);
        tasks.set({ lane, state: 'unreported' }, unreported);
      }
    },
  });
}

function countTasks(registry: Registry, { events, catalog }: MeasuredRunner): void {
  const registers = [registry];
  /** Counters start from 0, so that the first event shows as an increase. */
  const byType = (name: string, help: string) => {
    const counter = new Counter({ name, help, labelNames: ['type'], registers });
    for (const type of catalog.keys()) counter.inc({ type }, 0);
    return counter;
  };
  const claimed = byType('task_runner_tasks_claimed_total', 'Tasks that claims have returned');
  const completed = byType('task_runner_tasks_completed_total', 'Attempts that succeeded');
  const failed = new Counter({
    name: 'task_runner_tasks_failed_total',
    help: 'Attempts that failed or were cancelled, by the code of their error',
    labelNames: ['type', 'code'],
    registers,
  });
  const lost = byType(
    'task_runner_tasks_lost_total',
    'Tasks whose lease ended before their result was accepted',
  );
  const released = byType('task_runner_tasks_released_total', 'Tasks given back; the attempt is not counted');
  const reported = new Counter({
    name: 'task_runner_results_reported_total',
    help: 'Results that the edge has acknowledged, by the new status of the task; stale results changed nothing',
    labelNames: ['status'],
    registers,
  });
  for (const status of [...TaskStatus.options, 'stale', 'unknown']) reported.inc({ status }, 0);

  events.on(
    'claimed',
    quietly(({ tasks }) => {
      for (const { type } of tasks) claimed.inc({ type });
    }),
  );
  events.on(
    'completed',
    quietly(({ held }) => completed.inc({ type: held.task.type })),
  );
  events.on(
    'failed',
    quietly(({ held, error: { code } }) => failed.inc({ type: held.task.type, code })),
  );
  events.on(
    'lost',
    quietly(({ task: { type } }) => lost.inc({ type })),
  );
  events.on(
    'released',
    quietly(({ task: { type } }) => released.inc({ type })),
  );
  events.on(
    'reported',
    quietly(({ outcome: { status } }) => reported.inc({ status })),
  );
}

/** Wraps a listener so that it never throws: the emitter would pass the error on. A bad value is skipped. */
function quietly<Args extends unknown[]>(listener: (...args: Args) => void): (...args: Args) => void {
  return (...args) => {
    try {
      listener(...args);
    } catch {
      // For example, a time is not a number.
    }
  };
}

function timeTasks(registry: Registry, events: RunnerBus): void {
  const registers = [registry];
  const wait = new Histogram({
    name: 'task_runner_task_wait_seconds',
    help:
      'Time from when the ledger received a task until its first attempt starts on a thread. The ledger measures ' +
      'until the claim, the runner from the answer to the claim. A delay set by the submission and the time ' +
      'until a retry by hand are included; later attempts are not measured',
    labelNames: ['type'],
    buckets: WAIT_BUCKETS,
    registers,
  });
  const run = new Histogram({
    name: 'task_runner_task_duration_seconds',
    help: 'How long attempts ran on a thread, whether they succeeded or failed',
    labelNames: ['type'],
    buckets: RUN_BUCKETS,
    registers,
  });
  const observeRun = quietly(({ held, ranMs }: { held: HeldTask; ranMs: number | undefined }) => {
    if (ranMs !== undefined) run.observe({ type: held.task.type }, ranMs / 1000);
  });
  events.on(
    'started',
    quietly((held) => {
      const ms = waitedMs(held, performance.now());
      if (ms !== undefined) wait.observe({ type: held.task.type }, ms / 1000);
    }),
  );
  events.on('completed', observeRun);
  events.on('failed', observeRun);
}

/** How long a task has waited; the ledger's clock measures its part. Undefined for a later attempt. */
function waitedMs({ task, arrivedAt }: HeldTask, now: number): number | undefined {
  const { attempt, receivedAt, claimedAt } = task;
  if (attempt > 1 || claimedAt === undefined) return undefined;
  return Math.max(0, Date.parse(claimedAt) - Date.parse(receivedAt)) + now - arrivedAt;
}

function measureCalls(registry: Registry, events: RunnerBus): void {
  const registers = [registry];
  const duration = new Histogram({
    name: 'task_runner_call_duration_seconds',
    help: 'How long successful calls to the edge took; one report contains many results',
    labelNames: ['call'],
    buckets: CALL_BUCKETS,
    registers,
  });
  const retried = new Counter({
    name: 'task_runner_calls_retried_total',
    help: 'Calls to the edge that failed and are retried; `wake` is the wake socket, counted once per outage',
    labelNames: ['call'],
    registers,
  });
  for (const call of EDGE_CALLS) retried.inc({ call }, 0);
  events.on(
    'answered',
    quietly(({ call, ms }) => duration.observe({ call }, ms / 1000)),
  );
  events.on(
    'retrying',
    quietly((error) => retried.inc({ call: error instanceof EdgeError ? error.call : 'other' })),
  );
}

/** Adds the usual Prometheus metrics of a process, except the event loop, which has its own metric. */
function addProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const { name } of registry.getMetricsAsArray()) {
    if (name.startsWith('nodejs_eventloop_lag')) registry.removeSingleMetric(name);
  }
}
