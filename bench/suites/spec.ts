import { setTimeout as sleep } from 'node:timers/promises';
import { quantileSorted } from 'simple-statistics';
import type { Bench, Suite } from '../bench.ts';
import { eachAtOnce } from '../edge-client.ts';
import { SpecConsumer, type Work } from '../spec/consumer.ts';
import { SpecSystem } from '../spec/system.ts';

/** The poll interval of the specification's consumer. */
const POLL_MS = 5000;
const RACERS = 8;
const RACED = 200;

/** The design of the specification, with KV as the buffer, on the same runtime. */
export const specSuite: Suite = {
  name: 'spec',
  title: "The specification's own design",

  async run(bench) {
    const system = await SpecSystem.start();
    try {
      await measureThroughput(bench, system);
      await measureLatency(bench, system, 'polling without a pause', 0);
      await measureLatency(bench, system, `polling every ${POLL_MS / 1000} s`, POLL_MS);
      await measureRace(bench, system);
    } finally {
      await system.stop();
    }
  },
};

async function measureThroughput(bench: Bench, system: SpecSystem): Promise<void> {
  const tasks = bench.size(300, 60);
  const submitted: number[] = [];
  const processed: number[] = [];
  for (let round = 1; round <= bench.size(3, 1); round += 1) {
    bench.step(`submitting and processing ${tasks} tasks, round ${round}`);
    const startedAt = performance.now();
    const ids = await system.submitMany(tasks);
    submitted.push(rate(tasks, startedAt));
    await system.buffered(tasks);
    const consumer = new SpecConsumer(system);
    const polledAt = performance.now();
    await consumer.poll();
    processed.push(rate(tasks, polledAt));
    await system.verify(ids, consumer.work);
  }
  bench.record('single tasks submitted', 'tasks/s', submitted);
  bench.record('tasks processed by one consumer', 'tasks/s', processed);
}

/** Measures from a submission to the answer that its task is completed, at a rate that one consumer can handle. */
async function measureLatency(bench: Bench, system: SpecSystem, how: string, pollMs: number): Promise<void> {
  const tasks = bench.size(200, 15);
  const everyMs = pollMs === 0 ? 100 : (bench.size(8, 1) * pollMs) / tasks;
  bench.step(`submitting ${tasks} tasks to a consumer ${how}`);
  const consumer = new SpecConsumer(system);
  const submittedAt: number[] = [];
  const ids: string[] = [];
  const submitting = eachEvery(tasks, everyMs, async (n) => {
    submittedAt[n] = performance.now();
    ids[n] = await system.submit(n);
  });
  const polling = async () => {
    while (consumer.work.length < tasks) {
      await sleep(pollMs);
      await consumer.poll();
    }
  };
  await Promise.all([submitting, polling()]);
  await system.verify(ids, consumer.work);
  const latencies = consumer.work.map(({ n, completedAt }) => completedAt - (submittedAt[n] ?? Number.NaN));
  const sorted = latencies.toSorted((a, b) => a - b);
  bench.record(`submit to completed, ${how}, p50`, 'ms', [quantileSorted(sorted, 0.5)]);
  bench.record(`submit to completed, ${how}, p99`, 'ms', [quantileSorted(sorted, 0.99)]);
}

/**
 * Lets consumers race for the same tasks. KV on this machine shows a write at once. On Cloudflare it may show the
 * old value for a minute, so more tasks would be claimed twice there.
 */
async function measureRace(bench: Bench, system: SpecSystem): Promise<void> {
  const twice: number[] = [];
  for (let round = 1; round <= bench.size(3, 1); round += 1) {
    bench.step(`${RACERS} consumers race for ${RACED} tasks, round ${round}`);
    const ids = await system.submitMany(RACED);
    await system.buffered(RACED);
    const consumers = Array.from({ length: RACERS }, () => new SpecConsumer(system));
    await Promise.all(consumers.map((consumer) => consumer.poll()));
    const work = consumers.flatMap((consumer) => consumer.work);
    await system.verify(ids, work);
    twice.push(countTwice(work));
  }
  bench.record(`tasks claimed twice by eight consumers, of ${RACED}`, 'tasks', twice);
}

/** The number of tasks that ran more than once. */
function countTwice(work: readonly Work[]): number {
  const byTask = Map.groupBy(work, ({ id }) => id);
  return [...byTask.values()].filter((times) => times.length > 1).length;
}

/** Runs an action for each number below `count`, one every `everyMs`, regardless of how long each takes. */
async function eachEvery(
  count: number,
  everyMs: number,
  action: (n: number) => Promise<void>,
): Promise<void> {
  const startedAt = performance.now();
  await eachAtOnce(Array.from({ length: count }, (_, n) => n).values(), count, async (n) => {
    await sleep(Math.max(0, startedAt + n * everyMs - performance.now()));
    await action(n);
  });
}

function rate(tasks: number, sinceMs: number): number {
  return tasks / ((performance.now() - sinceMs) / 1000);
}
