import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantileSorted } from 'simple-statistics';
import { z } from 'zod';
import type { Bench, Suite } from '../bench.ts';
import { until } from '../edge-client.ts';
import { BenchSystem } from '../system.ts';

/** The time until an idle runner has claimed, started and completed a task. */
export const latencySuite: Suite = {
  name: 'latency',
  title: 'Latency of an idle runner',

  async run(bench) {
    const system = await BenchSystem.start(join(bench.folder, 'latency'));
    try {
      const woken = await measure(bench, system, 'woken', bench.size(250, 60), [50, 400], { THREADS: '2' });
      bench.target('wakeP50', woken.p50);
      bench.target('wakeP99', woken.p99);
      // Without a wake a task waits for the next poll, up to five seconds.
      await measure(bench, system, '5 s polling', bench.size(24, 4), [0, 5000], {
        WAKE: 'false',
        POLL_INTERVAL: '5000',
      });
    } finally {
      await system.stop();
    }
  },
};

const NoopResult = z.object({ n: z.number(), at: z.number() });

/** Submits tasks one by one, with pauses between them, to a runner that is otherwise idle. */
async function measure(
  bench: Bench,
  system: BenchSystem,
  name: string,
  tasks: number,
  [leastPauseMs, greatestPauseMs]: readonly [number, number],
  env: Record<string, string>,
) {
  const { client } = system;
  const runner = await system.startRunner(tasks, env);
  const submittedAt = new Map<string, number>();
  for (let n = 0; n < tasks; n += 1) {
    bench.step(`${name}, task ${n + 1} of ${tasks}`);
    await sleep(leastPauseMs + Math.random() * (greatestPauseMs - leastPauseMs));
    const now = Date.now();
    const id = await client.submit({ type: 'bench-noop', payload: { n } });
    submittedAt.set(id, now);
    await until(`the end of task ${id}`, async () => (await client.view(id)).completedAt !== undefined);
  }
  await runner.done;
  await runner.stop();
  const ids = [...submittedAt.keys()];
  await client.verify('bench-noop', ids, (result, n) => NoopResult.parse(result).n === n);

  const spans = { claimed: [] as number[], running: [] as number[], completed: [] as number[] };
  for (const [id, since] of submittedAt) {
    const { attempts, completedAt, result } = await client.view(id);
    spans.claimed.push(Date.parse(attempts[0]?.startedAt ?? '') - since);
    spans.running.push(NoopResult.parse(result).at - since);
    spans.completed.push(Date.parse(completedAt ?? '') - since);
  }
  const { p50, p99 } = record(bench, `submit to claimed, ${name}`, spans.claimed);
  record(bench, `submit to running, ${name}`, spans.running);
  record(bench, `submit to completed, ${name}`, spans.completed);
  return { p50, p99 };
}

function record(bench: Bench, name: string, values: readonly number[]) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) =>
    bench.record(`${name}, p${share * 100}`, 'ms', [quantileSorted(sorted, share)]);
  const [p50, , p99] = [at(0.5), at(0.95), at(0.99)];
  return { p50, p99 };
}
