import { median } from 'simple-statistics';
import type { Bench, Figure, Suite } from '../bench.ts';
import { type Life, live, liveBySpec } from '../cost/lives.ts';
import type { OperationName, Operations } from '../cost/operations.ts';
import { type Bill, bill, deliveredAlone, total } from '../cost/prices.ts';

const TASKS_PER_SECOND = 500;
const SPEC = "the specification's design";

/** The operations that make up nearly all of the bill. */
const SHOWN: readonly (readonly [OperationName, string, string])[] = [
  ['kvWrites', 'KV writes', 'a task'],
  ['kvDeletes', 'KV deletes', 'a task'],
  ['kvBytes', 'stored in KV', 'bytes a task'],
  ['ledgerBytes', 'stored in the ledger', 'bytes a task'],
  ['queueOperations', 'queue operations', 'a task'],
  ['objectRequests', 'Durable Object requests', 'a task'],
  ['rowsWritten', 'rows written', 'a task'],
  ['workerRequests', 'Worker requests', 'a task'],
];

const BILLED: readonly (readonly [keyof Bill, string])[] = [
  ['kvOperations', 'KV operations'],
  ['kvStorage', 'KV storage'],
  ['queue', 'queue'],
  ['objectRequests', 'ledger requests'],
  ['objectRows', 'ledger rows'],
  ['objectDuration', 'ledger duration'],
  ['ledgerStorage', 'ledger storage'],
  ['workers', 'Workers'],
];

interface Case {
  readonly name: string;
  readonly size: number;
  readonly payloadBytes: number;
}

const SINGLES: Case = { name: 'singles, 1 KB, typed client', size: 1, payloadBytes: 1000 };
const BATCHES: Case = { name: 'batches of 100, 1 KB, typed client', size: 100, payloadBytes: 1000 };
const LARGE_SINGLES: Case = { name: 'singles, 10 KB, typed client', size: 1, payloadBytes: 10_000 };
const LARGE_BATCHES: Case = { name: 'batches of 100, 10 KB, typed client', size: 100, payloadBytes: 10_000 };

/** The cost of a million tasks at Cloudflare's list prices, from counted operations and storage. */
export const costSuite: Suite = {
  name: 'cost',
  title: 'The cost of a million tasks',

  async run(bench) {
    const spec = total(bill(await useBySpec(bench), { tasksPerSecond: TASKS_PER_SECOND, objects: 0 }));
    const specFigure = record(bench, SPEC, [spec]);
    const costs: Cost[] = [];
    for (const one of [SINGLES, BATCHES, LARGE_SINGLES, LARGE_BATCHES]) costs.push(await cost(bench, one));
    const [singles, batches] = costs;
    if (!singles || !batches) return;

    const alone = singles.used.map((task) => total(billOf(deliveredAlone(task))));
    record(bench, `${SINGLES.name}, at most, were each queue message delivered alone`, alone);
    bench.target('costSingles1Kb', singles.figure);
    bench.target('costBatches1Kb', batches.figure);
    bench.target('costSingles1KbVsSpec', against(bench, singles, spec));
    bench.target('costBatches1KbVsSpec', against(bench, batches, spec));
    bench.table({
      caption: 'Dollars of a million tasks, by what is billed.',
      head: ['', ...BILLED.map(([, label]) => label), 'all'],
      rows: costs.map(row),
    });
    bench.chart(`A million tasks at list price, ${TASKS_PER_SECOND} tasks/s`, '$', [
      { name: SPEC, value: specFigure.median },
      ...costs.map(({ name, figure }) => ({ name, value: figure.median })),
    ]);
  },
};

/** The cost of a million tasks of a case, and the operations of one task in each round. */
interface Cost extends Case {
  readonly figure: Figure;
  readonly used: readonly Operations[];
}

async function cost(bench: Bench, one: Case): Promise<Cost> {
  const used = await use(bench, one);
  return { ...one, used, figure: record(bench, one.name, used.map(billOf).map(total)) };
}

async function use(bench: Bench, { name, size, payloadBytes }: Case): Promise<Operations[]> {
  const lives: Life[] = [];
  const rounds = bench.size(2, 1);
  const order = { tasks: bench.size(5000, 1000), tasksPerSecond: TASKS_PER_SECOND, size, payloadBytes };
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
  for (const [operation, label, unit] of SHOWN) {
    const counts = used.map((task) => task[operation]);
    if (counts.some((count) => count > 0)) bench.record(`${label}, ${name}`, unit, counts);
  }
  const days = used.map(({ kvByteDays, kvBytes }) => kvByteDays / kvBytes);
  bench.record(`a byte is kept in KV, ${name}`, 'days', days);
}

/** The bill of a task. The one ledger is active all the time. */
function billOf(task: Operations): Bill {
  return bill(task, { tasksPerSecond: TASKS_PER_SECOND, objects: 1 });
}

function row({ name, used, figure }: Cost): string[] {
  const bills = used.map(billOf);
  const parts = BILLED.map(([part]) => median(bills.map((one) => one[part])));
  return [name, ...[...parts, figure.median].map((dollars) => dollars.toFixed(2))];
}

function record(bench: Bench, name: string, values: readonly number[]): Figure {
  return bench.record(`a million tasks, ${name}`, '$', values);
}

function against(bench: Bench, { name, used }: Cost, spec: number): Figure {
  return bench.ratio(
    `a million tasks, ${name} against ${SPEC}`,
    used.map(billOf).map(total),
    used.map(() => spec),
  );
}
