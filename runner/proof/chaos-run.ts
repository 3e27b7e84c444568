import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from './client.ts';
import { EdgeProcess } from './edge-process.ts';
import { EndingWatch } from './ending-watch.ts';
import { FaultyProxy } from './faulty-proxy.ts';
import { Injector } from './injector.ts';
import { type FaultKind, planFaults } from './plan.ts';
import { Random } from './random.ts';
import { RunnerProcess } from './runner-process.ts';
import { type Accepted, judge, type Verdict } from './verdict.ts';
import { makeWorkload, type Submission } from './workload.ts';

const RUNNERS = 3;
const LEASE_SECONDS = 4;
const SWEEP_AFTER_SECONDS = 3;
const SWEEP_EVERY_MS = 2000;
const WATCH_EVERY_MS = 1000;
const RUNNER_ARGS = [
  ...['--threads', '2', '--io-concurrency', '8', '--poll-interval', '200'],
  ...['--lease-seconds', String(LEASE_SECONDS), '--drain-timeout', '3', '--log-format', 'json'],
];

export interface ChaosOptions {
  readonly tasks: number;
  readonly seed: number;
  /** How long the run submits tasks and injects faults. */
  readonly seconds: number;
  /** The time that all tasks have to end after that. */
  readonly settleSeconds: number;
  /** The folder for the state and the logs. */
  readonly folder: string;
  readonly onProgress?: (accepted: number, ended: number) => void;
}

export interface ChaosReport {
  readonly verdict: Verdict;
  readonly faults: ReadonlyMap<FaultKind, number>;
  /** A sentence for each process that ended unexpectedly. */
  readonly surprises: readonly string[];
  readonly clientRepeats: number;
  readonly seconds: number;
}

/** Runs the whole system under faults and reports what happened to every task that it accepted. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { tasks, seed, seconds, settleSeconds, folder, onProgress } = options;
  const startedAt = performance.now();
  mkdirSync(folder, { recursive: true });
  const random = new Random(seed);
  const plan = planFaults(random, seconds, RUNNERS);
  const workload = makeWorkload(random, tasks, seconds);

  const edge = new EdgeProcess(folder, SWEEP_AFTER_SECONDS);
  const links = await Promise.all(Array.from({ length: RUNNERS + 1 }, () => openLink(edge)));
  const [clientLink, ...runnerLinks] = links;
  if (!clientLink) throw new Error('There is no link for the clients');
  const runners = runnerLinks.map(
    ({ env }, index) => new RunnerProcess({ name: `runner-${index + 1}`, folder, args: RUNNER_ARGS, env }),
  );
  const ended = new AbortController();
  const clients = new Client(() => clientLink.env.API_WORKER_URL, ended.signal);
  // The harness reads without a proxy, so no fault affects it.
  const reader = new Client(() => edge.apiUrl, ended.signal);
  const watch = new EndingWatch();
  const accepted: Accepted[] = [];

  try {
    await edge.start();
    await Promise.all(runners.map((runner) => runner.start()));
    const injector = new Injector({
      edge,
      runners,
      runnerProxies: runnerLinks.map(({ proxies }) => proxies),
      clientProxies: clientLink.proxies,
    });
    const background = Promise.all([
      every(SWEEP_EVERY_MS, ended.signal, () => edge.sweep()),
      every(WATCH_EVERY_MS, ended.signal, async () => {
        for (const task of await reader.list()) watch.see(task.id, task);
        onProgress?.(accepted.length, watch.ended);
      }),
    ]);
    background.catch(() => {});

    await Promise.all([
      injector.carryOut(plan, (fault) => note(folder, fault)),
      submitAll(clients, workload, (one) => accepted.push(one)),
    ]);
    note(folder, { kind: 'no more faults' });
    const deadline = performance.now() + settleSeconds * 1000;
    while (accepted.some(({ taskId }) => !watch.hasEnded(taskId)) && performance.now() < deadline) {
      await sleep(WATCH_EVERY_MS);
    }
    // Messages that are still under way arrive now. They must change nothing.
    await sleep(LEASE_SECONDS * 1000);

    const listed = (await reader.list()).map(({ id }) => id);
    const views = await reader.readAll(accepted.map(({ taskId }) => taskId));
    for (const view of views.values()) watch.see(view.taskId, view);
    await Promise.all(runners.map((runner) => runner.stop()));
    ended.abort();
    await background;

    const runs = (await Promise.all(runners.map((runner) => runner.runs()))).flat();
    const lives = runners.flatMap((runner) => runner.lives);
    return {
      verdict: judge({ accepted, listed, views, runs, lives, changed: watch.changed }),
      faults: injector.injected,
      surprises: runners.flatMap((runner) => runner.surprises),
      clientRepeats: clients.repeats,
      seconds: (performance.now() - startedAt) / 1000,
    };
  } finally {
    ended.abort();
    await Promise.all(runners.map((runner) => runner.kill()));
    await edge.stop();
    for (const { proxies } of links) for (const proxy of proxies) proxy.close();
  }
}

/** Opens a separate proxy to each worker. */
async function openLink(edge: EdgeProcess) {
  const api = await FaultyProxy.listen(() => edge.ports.api);
  const buffer = await FaultyProxy.listen(() => edge.ports.buffer);
  const env = {
    API_WORKER_URL: `http://127.0.0.1:${api.port}`,
    QUEUE_WORKER_URL: `http://127.0.0.1:${buffer.port}`,
  };
  return { env, proxies: [api, buffer] };
}

/** Sends each submission at its time, without waiting for the answers to earlier ones. */
async function submitAll(
  client: Client,
  workload: readonly Submission[],
  onAccepted: (one: Accepted) => void,
): Promise<void> {
  const startedAt = performance.now();
  await Promise.all(
    workload.map(async ({ atMs, steps }) => {
      await sleep(Math.max(0, startedAt + atMs - performance.now()));
      const tasks = steps.map(({ task }) => task);
      const taskIds = await client.submit(tasks, randomUUID());
      await Promise.all(
        steps.map(async (step, index) => {
          const taskId = taskIds[index] ?? '';
          if (step.cancelAfterMs !== undefined) await sleep(step.cancelAfterMs);
          const cancelled = step.cancelAfterMs !== undefined && (await client.cancel(taskId));
          onAccepted({ taskId, step, cancelled });
        }),
      );
    }),
  );
}

/** Repeats an action every `ms` until the signal aborts. Ignores errors that the action throws after that. */
async function every(ms: number, signal: AbortSignal, action: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      await action();
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    await sleep(ms, undefined, { signal }).catch(() => {});
  }
}

function note(folder: string, event: object): void {
  const line = JSON.stringify({ at: new Date().toISOString(), ...event });
  appendFileSync(join(folder, 'faults.log'), `${line}\n`);
}
