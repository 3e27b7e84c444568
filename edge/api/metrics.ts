import { Counter, Gauge, Registry } from 'prom-client';
import type { Failure } from '../contract/ledger/archive.ts';
import type { LiveUpdate, QueueStats, RunnerView } from '../contract/stats.ts';
import { unlessBusy } from '../http/busy.ts';
import { ledgerOf } from '../platform/ledger.ts';
import type { ApiRoute } from './env.ts';

/** `GET /metrics`: the statistics of the queue, in the text format of Prometheus. */
export const getMetrics: ApiRoute = [
  {
    name: 'getMetrics',
    summary: 'Get the metrics for Prometheus',
    tag: 'Service',
    tokens: ['client', 'runner'],
    answer: { text: { type: 'text/plain', description: 'The text format of Prometheus' } },
    errors: ['unavailable'],
  },
  async (c) => {
    const ledger = ledgerOf(c.env);
    const [snapshot, bytes, failures] = await Promise.all([
      ledger.snapshot(),
      ledger.size(),
      ledger.failures(),
    ]);
    const { stats, runners } = unlessBusy<LiveUpdate>(snapshot);
    const registry = new Registry();
    recordTypes(registry, stats);
    recordOldest(registry, stats);
    recordRunners(registry, runners);
    const size = 'Size of the database of the ledger, which can hold 10 GB';
    new Gauge(named(registry, 'ledger_bytes', size)).set(bytes);
    recordFailures(registry, failures);
    return c.body(await registry.metrics(), 200, { 'Content-Type': registry.contentType });
  },
];

function named<Label extends string>(registry: Registry, name: string, help: string, ...labelNames: Label[]) {
  return { name: `task_queue_${name}`, help, labelNames, registers: [registry] };
}

function recordTypes(registry: Registry, { types }: QueueStats): void {
  const ofType = (name: string, help: string) => named(registry, name, help, 'type');
  const tasks = new Gauge(
    named(
      registry,
      'tasks',
      'Tasks in the ledger now; ended tasks stay for `RETENTION_HOURS`',
      'type',
      'state',
    ),
  );
  const paused = new Gauge(ofType('type_paused', 'Whether the type is paused'));
  const handled = new Gauge(ofType('type_handled', 'Whether a connected runner takes tasks of the type'));
  const ended = new Counter(
    named(
      registry,
      'tasks_ended_total',
      'Tasks that have ended; a task that was retried and ended again counts twice',
      'type',
      'outcome',
    ),
  );
  const retries = new Counter(ofType('retries_total', 'Attempts that failed and were followed by another'));
  const expiries = new Counter(
    ofType('lease_expiries_total', 'Attempts whose runner stopped renewing the lease'),
  );
  for (const { type, counts, totals, ...flags } of types) {
    for (const [state, count] of Object.entries(counts)) tasks.set({ type, state }, count);
    paused.set({ type }, Number(flags.paused));
    handled.set({ type }, Number(flags.handled));
    ended.inc({ type, outcome: 'completed' }, totals.completed);
    ended.inc({ type, outcome: 'failed' }, totals.failed);
    ended.inc({ type, outcome: 'cancelled' }, totals.cancelled);
    retries.inc({ type }, totals.retries);
    expiries.inc({ type }, totals.leaseExpiries);
  }
}

function recordOldest(registry: Registry, { timestamp, oldestWaiting }: QueueStats): void {
  const waitedMs = oldestWaiting ? Date.parse(timestamp) - Date.parse(oldestWaiting.since) : 0;
  const help = 'How long the oldest ready task has been ready to be claimed; 0 if no task is ready';
  new Gauge(named(registry, 'oldest_ready_seconds', help)).set(waitedMs / 1000);
}

function recordRunners(registry: Registry, runners: readonly RunnerView[]): void {
  new Gauge(named(registry, 'runners', 'Runners that are connected or hold tasks')).set(runners.length);
  const held = new Gauge(named(registry, 'runner_held_tasks', 'Tasks that the runner holds', 'runner'));
  for (const { name, held: tasks } of runners) held.set({ runner: name }, tasks);
}

/** The failures that the cron job retries. A failure counts until its retry succeeds. */
function recordFailures(registry: Registry, failures: readonly Failure[]): void {
  const archive = failures.filter(({ step }) => step === 'archive');
  const sweep = failures.filter(({ step }) => step === 'sweep');
  new Gauge(named(registry, 'archive_failures', 'Windows whose archive is failing')).set(archive.length);
  const help = 'Submissions and windows whose delivery by the sweep is failing';
  new Gauge(named(registry, 'sweep_failures', help)).set(sweep.length);
  const ageHelp =
    'How long the longest-failing window or submission of the step has been failing; 0 if none is failing';
  const age = new Gauge(named(registry, 'failure_age_seconds', ageHelp, 'step'));
  for (const [step, ofStep] of Object.entries({ archive, sweep })) {
    const since = Math.min(Date.now(), ...ofStep.map((failure) => failure.since));
    age.set({ step }, (Date.now() - since) / 1000);
  }
}
