import type { Context } from 'hono';
import { Counter, Gauge, Registry } from 'prom-client';
import type { QueueStats, RunnerView } from '../contract/stats.ts';
import { ledgerOf } from '../http/ledger.ts';
import type { ApiEnv } from './env.ts';

/** `GET /metrics`: how the queue stands, in the text format of Prometheus. */
export async function getMetrics(c: Context<{ Bindings: ApiEnv }>): Promise<Response> {
  const ledger = ledgerOf(c.env);
  const [stats, runners, bytes] = await Promise.all([ledger.stats(), ledger.runners(), ledger.size()]);
  const registry = new Registry();
  recordTypes(registry, stats);
  recordOldest(registry, stats);
  recordRunners(registry, runners);
  new Gauge({
    name: 'task_queue_ledger_bytes',
    help: 'Size of the database of the ledger, which holds 10 GB',
    registers: [registry],
  }).set(bytes);
  return c.body(await registry.metrics(), 200, { 'Content-Type': registry.contentType });
}

function recordTypes(registry: Registry, { types }: QueueStats): void {
  const registers = [registry];
  const labelNames = ['type'];
  const tasks = new Gauge({
    name: 'task_queue_tasks',
    help: 'Tasks in the ledger now; those that have ended stay for a day',
    labelNames: ['type', 'state'],
    registers,
  });
  const paused = new Gauge({
    name: 'task_queue_type_paused',
    help: 'Whether no task of the type is handed out',
    labelNames,
    registers,
  });
  const handled = new Gauge({
    name: 'task_queue_type_handled',
    help: 'Whether a connected runner takes tasks of the type',
    labelNames,
    registers,
  });
  const ended = new Counter({
    name: 'task_queue_tasks_ended_total',
    help: 'Tasks that have ended; one that was brought back and ended again counts twice',
    labelNames: ['type', 'outcome'],
    registers,
  });
  const retries = new Counter({
    name: 'task_queue_retries_total',
    help: 'Attempts that failed and were followed by another',
    labelNames,
    registers,
  });
  const leaseExpiries = new Counter({
    name: 'task_queue_lease_expiries_total',
    help: 'Attempts whose runner stopped renewing the lease',
    labelNames,
    registers,
  });
  for (const { type, counts, totals, ...flags } of types) {
    for (const [state, count] of Object.entries(counts)) tasks.set({ type, state }, count);
    paused.set({ type }, Number(flags.paused));
    handled.set({ type }, Number(flags.handled));
    ended.inc({ type, outcome: 'completed' }, totals.completed);
    ended.inc({ type, outcome: 'failed' }, totals.failed);
    ended.inc({ type, outcome: 'cancelled' }, totals.cancelled);
    retries.inc({ type }, totals.retries);
    leaseExpiries.inc({ type }, totals.leaseExpiries);
  }
}

function recordOldest(registry: Registry, { timestamp, oldestWaiting }: QueueStats): void {
  const waitedMs = oldestWaiting ? Date.parse(timestamp) - Date.parse(oldestWaiting.since) : 0;
  new Gauge({
    name: 'task_queue_oldest_ready_seconds',
    help: 'For how long the task that has waited longest could have been claimed; 0 where none waits',
    registers: [registry],
  }).set(waitedMs / 1000);
}

function recordRunners(registry: Registry, runners: readonly RunnerView[]): void {
  new Gauge({
    name: 'task_queue_runners',
    help: 'Runners that are connected or hold tasks',
    registers: [registry],
  }).set(runners.length);
  const held = new Gauge({
    name: 'task_queue_runner_held_tasks',
    help: 'Tasks that the runner holds',
    labelNames: ['runner'],
    registers: [registry],
  });
  for (const { name, held: tasks } of runners) held.set({ runner: name }, tasks);
}
