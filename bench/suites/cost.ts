import type { Bench, Figure, Suite } from '../bench.ts';
import { type Life, live, liveBySpec } from '../cost/lives.ts';
import type { OperationName, Operations } from '../cost/operations.ts';
import { deliveredAlone, dollarsPerMillion } from '../cost/prices.ts';

const TASKS_PER_SECOND = 500;
const SPEC = "the specification's design";
const SINGLES = 'singles';
const BATCHES = 'batches of 100';

/** The operations that make up nearly all of the bill. */
const SHOWN: readonly (readonly [OperationName, string])[] = [
  ['kvWrites', 'KV writes'],
  ['kvDeletes', 'KV deletes'],
  ['queueOperations', 'queue operations'],
  ['objectRequests', 'Durable Object requests'],
  ['rowsWritten', 'rows written'],
  ['workerRequests', 'Worker requests'],
];

/** A million tasks at Cloudflare's list prices, from the operations that tasks really use. */
export const costSuite: Suite = {
  name: 'cost',
  title: 'The cost of a million tasks',

  async run(bench) {
    const specUse = await useBySpec(bench);
    const singlesUse = await use(bench, SINGLES, 1);
    const batchesUse = await use(bench, BATCHES, 100);

    const spec = dollarsPerMillion(specUse, { tasksPerSecond: TASKS_PER_SECOND, objects: 0 });
    const singles = singlesUse.map(dollars);
    const batches = batchesUse.map(dollars);
    const figures = {
      spec: record(bench, SPEC, [spec]),
      singles: record(bench, SINGLES, singles),
      batches: record(bench, BATCHES, batches),
    };
    const alone = singlesUse.map((task) => dollars(deliveredAlone(task)));
    record(bench, `${SINGLES}, at most, were each queue message delivered alone`, alone);

    bench.target('costSingles', figures.singles);
    bench.target('costBatches', figures.batches);
    bench.target('costSinglesVsSpec', against(bench, SINGLES, singles, spec));
    bench.target('costBatchesVsSpec', against(bench, BATCHES, batches, spec));
    bench.chart(`A million tasks at list price, ${TASKS_PER_SECOND} tasks/s`, '$', [
      { name: SPEC, value: figures.spec.median },
      { name: SINGLES, value: figures.singles.median },
      { name: BATCHES, value: figures.batches.median },
    ]);
  },
};

/** What a task uses, in each round. */
async function use(bench: Bench, name: string, size: number): Promise<Operations[]> {
  const lives: Life[] = [];
  const rounds = bench.size(2, 1);
  const order = { tasks: bench.size(5000, 1000), tasksPerSecond: TASKS_PER_SECOND, size };
  for (let round = 1; round <= rounds; round += 1) {
    bench.step(`counting what ${order.tasks} tasks use, ${name}, round ${round} of ${rounds}`);
    lives.push(await live(bench.folder, order));
  }
  const rates = lives.map(({ rate }) => rate);
  bench.record(`submitted, of ${TASKS_PER_SECOND} tasks/s offered, ${name}`, 'tasks/s', rates);
  const used = lives.map(({ task }) => task);
  recordUse(bench, name, used);
  return used;
}

async function useBySpec(bench: Bench): Promise<Operations> {
  const tasks = bench.size(200, 50);
  bench.step(`counting what ${tasks} tasks use, ${SPEC}`);
  const task = await liveBySpec(tasks, TASKS_PER_SECOND);
  recordUse(bench, SPEC, [task]);
  return task;
}

function recordUse(bench: Bench, name: string, used: readonly Operations[]): void {
  for (const [operation, label] of SHOWN) {
    const counts = used.map((task) => task[operation]);
    if (counts.some((count) => count > 0)) bench.record(`${label}, ${name}`, 'a task', counts);
  }
}

/** Its one ledger is active all the time. */
function dollars(task: Operations): number {
  return dollarsPerMillion(task, { tasksPerSecond: TASKS_PER_SECOND, objects: 1 });
}

function record(bench: Bench, name: string, values: readonly number[]): Figure {
  return bench.record(`a million tasks, ${name}`, '$', values);
}

function against(bench: Bench, name: string, values: readonly number[], spec: number): Figure {
  return bench.ratio(
    `a million tasks, ${name} against ${SPEC}`,
    values,
    values.map(() => spec),
  );
}
