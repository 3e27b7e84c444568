import { medianSorted } from 'simple-statistics';
import type { Bench, Suite } from '../bench.ts';
import { plain } from '../chart.ts';
import { inChild } from '../ledger/child.ts';
import type { CoreCpu } from '../ledger/core.ts';
import type { MeasuredCall } from '../ledger/measure.ts';

const SMALL = 1000;
const MB = 1e6;
const KB = 1000;

/**
 * The ledger over a file of `node:sqlite`, without a worker: time and heap of each call, CPU and storage of a
 * task.
 */
export const ledgerSuite: Suite = {
  name: 'ledger',
  title: 'The ledger',

  async run(bench) {
    await measureCore(bench);
    await measureStorage(bench);
    const small = await measureCalls(bench, SMALL);
    const large = await measureCalls(bench, bench.size(1_000_000, 100_000));
    tabulate(bench, small, large);
  },
};

interface SizedCalls {
  readonly size: number;
  readonly calls: readonly MeasuredCall[];
}

async function measureCalls(bench: Bench, size: number): Promise<SizedCalls> {
  const name = `${size.toLocaleString('en')} tasks`;
  const onStep = (step: string) => bench.step(`${name}: ${step}`);
  const { calls = [] } = await inChild({ kind: 'calls', folder: bench.folder, size }, onStep);
  return { size, calls };
}

/** Records all calls at both sizes, and the worst call at the larger size. */
function tabulate(bench: Bench, small: SizedCalls, large: SizedCalls): void {
  const sizes = [small, large].map(({ size }) => size.toLocaleString('en'));
  bench.table({
    caption: `Time and heap of each call at ${sizes.join(' and ')} tasks in one window. Heap is all that a call allocates.`,
    head: ['call', ...sizes.flatMap((size) => [`${size}: median ms`, 'greatest ms', 'greatest heap, MB'])],
    rows: large.calls.map((call) => {
      const same = small.calls.find(({ name }) => name === call.name);
      return [call.name, ...(same ? cells(same) : ['', '', '']), ...cells(call)];
    }),
  });
  const worst = (values: (call: MeasuredCall) => number[]) =>
    large.calls.map((call) => Math.max(...values(call)));
  const name = `${sizes[1]} tasks`;
  bench.target(
    'ledgerCallTime',
    bench.record(`slowest call, ${name}`, 'ms', [Math.max(...worst(({ ms }) => ms))]),
  );
  const heap = Math.max(...worst(({ heapBytes }) => heapBytes)) / MB;
  bench.target('ledgerCallHeap', bench.record(`most heap of a call, ${name}`, 'MB', [heap]));
}

function cells({ ms, heapBytes }: MeasuredCall): string[] {
  const sorted = ms.toSorted((a, b) => a - b);
  return [medianSorted(sorted), Math.max(...ms), Math.max(0, ...heapBytes) / MB].map(plain);
}

async function measureCore(bench: Bench): Promise<void> {
  bench.step('CPU of a task');
  const rounds = bench.size(5, 2);
  const { core = [] } = await inChild({ kind: 'core', rounds }, () => {});
  for (const name of ['insert', 'claim', 'settle'] as const) {
    for (const { callSize } of core[0] ?? []) {
      const ofSize = core.flatMap((round) => round.filter((one) => one.callSize === callSize));
      bench.record(`CPU, ${name} by ${callSize.toLocaleString('en')}`, 'µs a task', values(ofSize, name));
    }
  }
}

function values(measured: readonly CoreCpu[], name: 'insert' | 'claim' | 'settle'): number[] {
  return measured.map((one) => one[name]);
}

async function measureStorage(bench: Bench): Promise<void> {
  bench.step('storage of a task');
  const order = { kind: 'storage', folder: bench.folder, tasks: bench.size(10_000, 2000) } as const;
  const { storage = [] } = await inChild(order, () => {});
  for (const { payloadBytes, insertedBy, bytes } of storage) {
    const name = `storage, payload of ${payloadBytes.toLocaleString('en')} B, inserted by ${insertedBy}`;
    bench.record(name, 'KB a task', [bytes / KB]);
  }
  for (const [target, payload] of [
    ['storage1Kb', 1000],
    ['storage200', 200],
  ] as const) {
    const sizes = storage
      .filter(({ payloadBytes }) => payloadBytes === payload)
      .map(({ bytes }) => bytes / KB);
    const name = `storage, payload of ${payload.toLocaleString('en')} B, the greater`;
    bench.target(target, bench.record(name, 'KB a task', [Math.max(...sizes)]));
  }
}
