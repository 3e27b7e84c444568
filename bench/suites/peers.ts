import { join } from 'node:path';
import { z } from 'zod';
import type { Bench, Suite } from '../bench.ts';
import { drain } from '../drain.ts';
import { processByBullmq, submitToBullmq } from '../peers/bullmq.ts';
import { submitToGraphile } from '../peers/graphile.ts';
import { PostgresServer } from '../peers/lib/postgres.ts';
import { RedisServer } from '../peers/lib/redis.ts';
import { type NoopRun, rate, untilIdle } from '../peers/noop-jobs.ts';
import { orSkipped } from '../peers/peer.ts';
import { submitToPgBoss } from '../peers/pg-boss.ts';
import { BenchSystem } from '../system.ts';

const OWN = 'this system';
const BULLMQ = 'BullMQ';
const CLAIMERS = 4;
const CLAIM = 500;

interface Servers {
  readonly system: BenchSystem;
  readonly redis: RedisServer | undefined;
  readonly postgres: PostgresServer | undefined;
}

/** The measurements to run in turn, by name. Each resolves to tasks per second. */
type Contenders = Record<string, () => Promise<number>>;

/** No-op tasks through the whole system and through other queues. */
export const peersSuite: Suite = {
  name: 'peers',
  title: 'No-op tasks against other queues',

  async run(bench) {
    await using started = new AsyncDisposableStack();
    const start = async <Server extends { stop(): Promise<void> }>(starting: Promise<Server>) =>
      started.adopt(await starting, (server) => server.stop());
    const servers = {
      system: await start(BenchSystem.start(join(bench.folder, 'peers'))),
      redis: await orSkipped(bench, start(RedisServer.start(join(bench.folder, 'peers-redis')))),
      postgres: await orSkipped(bench, start(PostgresServer.start(join(bench.folder, 'peers-postgres')))),
    };
    const run = { count: bench.size(20_000, 5000), log: join(bench.folder, 'peers.log') };
    await compareSubmission(bench, servers, run);
    await compareProcessing(bench, servers, run);
  },
};

/** Measures from the first submission to the last completion, with consumers that are running and idle. */
async function compareSubmission(
  bench: Bench,
  { system, redis, postgres }: Servers,
  run: NoopRun,
): Promise<void> {
  const contenders: Contenders = {
    [OWN]: () => submitToSystem(system, run.count),
    ...(redis && { [BULLMQ]: () => submitToBullmq(redis, run) }),
    ...(postgres && {
      'pg-boss': () => submitToPgBoss(postgres, run),
      'Graphile Worker': () => submitToGraphile(postgres, run),
    }),
  };
  // The first requests of workers and servers are not measured.
  bench.step('warming up');
  for (const measure of Object.values(contenders)) await measure();
  const measured = await bench.alternate(bench.size(5, 1), contenders);
  const suffix = 'no-op tasks, submission to completion';
  const bars = Object.entries(measured).map(([name, values]) => ({
    name,
    value: bench.record(`${name}, ${suffix}`, 'tasks/s', values).median,
  }));
  bench.chart('No-op tasks, submission to completion', 'tasks/s', bars);
  const { [OWN]: own = [], ...peers } = measured;
  for (const [name, values] of Object.entries(peers)) {
    const ratio = bench.ratio(`${OWN} against ${name}, ${suffix}`, own, values);
    if (name === BULLMQ) bench.target('noopVsBullmq', ratio);
  }
}

/** Measures claim and settle over HTTP, and only BullMQ's worker. All tasks and jobs are loaded before. */
async function compareProcessing(bench: Bench, { system, redis }: Servers, run: NoopRun): Promise<void> {
  const ownName = `${OWN}, claim and settle by ${CLAIM}, ${CLAIMERS} clients`;
  const peerName = `${BULLMQ}, processing alone`;
  const contenders: Contenders = {
    [ownName]: async () => {
      const work = { tasks: run.count, size: CLAIM, clients: CLAIMERS, settle: true };
      const { rate, claimedTwice } = await drain(system.client, work);
      if (claimedTwice > 0) throw new Error(`${claimedTwice} tasks were claimed twice`);
      return rate;
    },
    ...(redis && { [peerName]: () => processByBullmq(redis, run) }),
  };
  const measured = await bench.alternate(bench.size(5, 1), contenders);
  for (const [name, values] of Object.entries(measured)) bench.record(name, 'tasks/s', values);
  const { [ownName]: own = [], [peerName]: peer } = measured;
  if (!peer) return;
  bench.target(
    'claimSettleVsBullmq',
    bench.ratio(`claim and settle by ${CLAIM}, against ${BULLMQ}'s processing`, own, peer),
  );
}

/** Tasks per second through the whole system, until the runner knows that the last result was accepted. */
async function submitToSystem(system: BenchSystem, count: number): Promise<number> {
  const { client } = system;
  const type = 'bench-noop';
  const runner = await system.startRunner(count, { THREADS: '2', IO_CONCURRENCY: '64' });
  try {
    await untilIdle();
    const startedAt = Date.now();
    const ids = await client.submitMany(makeTasks(type, count));
    await runner.done;
    const doneAt = Date.now();
    const ended = await client.verify(type, ids, isResultOf);
    const lastAt = ended.reduce((latest, at) => Math.max(latest, at), doneAt);
    return rate(count, startedAt, lastAt);
  } finally {
    await runner.stop();
  }
}

function makeTasks(type: string, count: number): object[] {
  return Array.from({ length: count }, (_, n) => ({ type, payload: { n } }));
}

const Result = z.object({ n: z.number() });

function isResultOf(result: unknown, index: number): boolean {
  return Result.safeParse(result).data?.n === index;
}
