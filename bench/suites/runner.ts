import { join } from 'node:path';
import { Piscina } from 'piscina';
import type { Bench, Chart, Figure, Suite } from '../bench.ts';
import { BullmqThreads } from '../peers/bullmq-threads.ts';
import { RedisServer } from '../peers/lib/redis.ts';
import { orSkipped } from '../peers/peer.ts';
import { BenchSystem } from '../system.ts';
import type { TargetName } from '../targets.ts';
import { iterationsPerMs, work } from '../work.ts';

const THREADS = [1, 2];
const WARM_UP = 50;

interface Case {
  readonly ms: number;
  /** Tasks per run on two threads. A run on one thread has a quarter of them. */
  readonly tasks: number;
  readonly targets?: readonly [piscina: TargetName, bullmq: TargetName];
}

const CASES = (quick: boolean): Case[] => [
  { ms: 0.1, tasks: quick ? 10_000 : 40_000, targets: ['cpu01VsPiscina', 'cpu01VsBullmq'] },
  { ms: 1, tasks: quick ? 3000 : 16_000, targets: ['cpu1VsPiscina', 'cpu1VsBullmq'] },
  { ms: 10, tasks: quick ? 400 : 2000, targets: ['cpu10VsPiscina', 'cpu10VsBullmq'] },
  ...(quick ? [] : [{ ms: 100, tasks: 120 }]),
];

/** CPU tasks through the whole system, and through bare piscina and BullMQ's sandboxed threads. */
export const runnerSuite: Suite = {
  name: 'runner',
  title: 'CPU tasks on threads',

  async run(bench) {
    const perMs = iterationsPerMs();
    const system = await BenchSystem.start(join(bench.folder, 'runner'));
    const redis = await orSkipped(bench, RedisServer.start(join(bench.folder, 'runner-redis')));
    try {
      await compareThreads(bench, system, redis, perMs);
      await measureBacklog(bench, system);
    } finally {
      await redis?.stop();
      await system.stop();
    }
  },
};

async function compareThreads(
  bench: Bench,
  system: BenchSystem,
  redis: RedisServer | undefined,
  perMs: number,
): Promise<void> {
  const rounds = bench.size(3, 1);
  const delays: number[] = [];
  const bars: Chart['bars'][number][] = [];
  for (const { ms, tasks, targets } of CASES(bench.quick)) {
    const byThreads: number[][] = [];
    for (const threads of bench.quick ? [2] : THREADS) {
      const jobs = makeJobs(threads === 1 ? tasks / 4 : tasks, ms * perMs);
      const suffix = `${ms} ms tasks, ${threads} thread${threads === 1 ? '' : 's'}`;
      const measured = await bench.alternate(rounds, {
        [`piscina, ${suffix}`]: () => onPiscina(jobs, threads),
        [`this system, ${suffix}`]: async () => {
          const { rate, loopDelayMs } = await onSystem(system, jobs, threads);
          if (threads === 2) delays.push(loopDelayMs);
          return rate;
        },
        ...(redis && { [`BullMQ, ${suffix}`]: () => onBullmq(redis, jobs, threads) }),
      });
      for (const [name, values] of Object.entries(measured)) bench.record(name, 'tasks/s', values);
      const [piscina = [], own = [], bullmq] = Object.values(measured);
      byThreads.push(own);
      const againstPiscina = bench.ratio(`this system against piscina, ${suffix}`, own, piscina);
      const ratios: Figure[] = [againstPiscina];
      if (bullmq) ratios.push(bench.ratio(`this system against BullMQ, ${suffix}`, own, bullmq));
      if (threads !== 2) continue;
      bars.push({ name: `${ms} ms tasks, this system`, value: againstPiscina.median });
      if (bullmq) {
        const ratio = bench.ratio(`BullMQ against piscina, ${suffix}`, bullmq, piscina);
        bars.push({ name: `${ms} ms tasks, BullMQ`, value: ratio.median });
      }
      for (const [index, figure] of ratios.entries()) {
        const target = targets?.[index];
        if (target) bench.target(target, figure);
      }
    }
    const [one, two] = byThreads;
    if (one && two) bench.ratio(`2 threads against 1, ${ms} ms tasks`, two, one);
  }
  bench.chart('CPU tasks on 2 threads, against bare piscina', 'ratio', bars);
  bench.target('loopDelay', bench.record('event-loop delay of the main thread, p99', 'ms', delays));
}

interface Job {
  readonly seed: number;
  readonly iterations: number;
}

function makeJobs(count: number, iterations: number): Job[] {
  return Array.from({ length: count }, (_, seed) => ({ seed, iterations: Math.round(iterations) }));
}

/** Whether a result is the result of its job, which proves that the work was done. */
function isResult(result: unknown, { seed, iterations }: Job): boolean {
  return result === work(seed, iterations);
}

/** Checks every 50th result. */
function expectResults(peer: string, results: readonly unknown[], jobs: readonly Job[]): void {
  if (jobs.some((job, index) => index % 50 === 0 && !isResult(results[index], job))) {
    throw new Error(`${peer} returned a wrong result`);
  }
}

/** Tasks per second with only the pool, after its threads have started. */
async function onPiscina(jobs: readonly Job[], threads: number): Promise<number> {
  const pool = new Piscina({
    filename: join(import.meta.dirname, '../peers/piscina-worker.ts'),
    minThreads: threads,
    maxThreads: threads,
  });
  const run = (job: Job) => pool.run(job);
  await Promise.all(jobs.slice(0, WARM_UP).map(run));
  const startedAt = performance.now();
  const results = await Promise.all(jobs.map(run));
  const seconds = (performance.now() - startedAt) / 1000;
  await pool.destroy();
  expectResults('piscina', results, jobs);
  return jobs.length / seconds;
}

/**
 * Tasks per second through the system after loading, from the first claim to the last settle by the ledger's
 * clock.
 */
async function onSystem(system: BenchSystem, jobs: readonly Job[], threads: number) {
  const { client } = system;
  const ids = await client.load(jobs.map((payload) => ({ type: 'bench-cpu', payload })));
  const runner = await system.startRunner(jobs.length, { THREADS: String(threads) });
  const { loopDelayMs } = await runner.done;
  await runner.stop();
  const ended = await client.verify('bench-cpu', ids, (result, index) =>
    isResult(result, jobs[index] ?? fail()),
  );
  // The task that ended first was part of the first claim.
  const earliest = ended.reduce((best, at, index) => (at < (ended[best] ?? 0) ? index : best), 0);
  const firstClaim = (await client.view(ids[earliest] ?? '')).attempts[0]?.startedAt;
  const lastSettle = ended.reduce((latest, at) => Math.max(latest, at), 0);
  const seconds = (lastSettle - Date.parse(firstClaim ?? '')) / 1000;
  return { rate: jobs.length / seconds, loopDelayMs };
}

/** Tasks per second with BullMQ's sandboxed processors after loading, from the first start to the last end. */
async function onBullmq(redis: RedisServer, jobs: readonly Job[], threads: number): Promise<number> {
  const bullmq = await BullmqThreads.open(redis.port, threads);
  const { results, seconds } = await bullmq.run(jobs, WARM_UP);
  await bullmq.close();
  expectResults('BullMQ', results, jobs);
  return jobs.length / seconds;
}

/** Measures how many tasks a runner holds and how much memory it uses while 100,000 tasks wait. */
async function measureBacklog(bench: Bench, system: BenchSystem): Promise<void> {
  const waiting = bench.size(100_000, 10_000);
  bench.step(`loading ${waiting} tasks`);
  const jobs = makeJobs(waiting, 10);
  const ids = await system.client.load(jobs.map((payload) => ({ type: 'bench-cpu', payload })));
  bench.step(`running ${waiting} tasks`);
  const runner = await system.startRunner(waiting, { THREADS: '2' });
  const { peakRssMb, mostHeld } = await runner.done;
  await runner.stop();
  await system.client.verify('bench-cpu', ids, (result, index) => isResult(result, jobs[index] ?? fail()));
  bench.record(`tasks held at most, of ${waiting} waiting`, 'tasks', [mostHeld]);
  bench.record(`memory that the runner grew by, ${waiting} waiting`, 'MB', [peakRssMb - runner.rssMb]);
}

function fail(): never {
  throw new Error('There is no such job');
}
