import { Pacing } from '../../edge/buffer/pacing.ts';
import type { Bench, Suite } from '../bench.ts';
import type { Pacing as PacingModel } from '../requests/ledger-model.ts';
import { type EdgeSettings, type Simulated, simulate } from '../requests/simulate.ts';

const RATES = [50, 130, 300];
const SIZES = [1, 100];

const noPause = (): PacingModel => ({ count: () => undefined });

const EDGES: readonly (readonly [name: string, settings: EdgeSettings])[] = [
  ['consumers unbounded', { pacing: noPause, consumers: 250 }],
  ['2 consumers', { pacing: noPause, consumers: 2 }],
  ['2 consumers, spaceMs honoured', { pacing: () => new Pacing(), consumers: 2 }],
];

/** The number of requests to one ledger for each task, with 50 runners, counted in a simulation. */
export const requestsSuite: Suite = {
  name: 'requests',
  title: 'Requests to the ledger',

  async run(bench) {
    const seconds = bench.size(300, 60);
    const rows: string[][] = [];
    for (const size of SIZES) {
      for (const tasksPerSecond of RATES) {
        for (const [edge, settings] of EDGES) {
          const submitted = size === 1 ? 'singles' : `batches of ${size}`;
          const name = `${tasksPerSecond} tasks/s, ${submitted}, ${edge}`;
          bench.step(name);
          const simulated = simulate({ tasksPerSecond, seconds, size }, settings);
          record(bench, name, simulated);
          rows.push([submitted, String(tasksPerSecond), edge, ...cells(simulated)]);
        }
      }
    }
    bench.table({
      caption:
        '50 runners of 8 threads, tasks of 1 s: requests to the Durable Object for each task, by kind, and how many a second.',
      head: [
        'submitted',
        'tasks/s',
        'edge',
        'insert',
        'claim',
        'report',
        'heartbeat',
        'all, a task',
        'requests/s',
      ],
      rows,
    });
  },
};

function record(bench: Bench, name: string, simulated: Simulated): void {
  bench.record(`requests, ${name}`, 'a task', [total(simulated) / simulated.tasks]);
}

function cells(simulated: Simulated): string[] {
  const { requests, tasks, seconds } = simulated;
  const { insert, claim, report, heartbeat } = requests;
  const each = [insert, claim, report, heartbeat, total(simulated)];
  return [...each.map((count) => (count / tasks).toFixed(2)), (total(simulated) / seconds).toFixed(0)];
}

function total({ requests }: Simulated): number {
  return Object.values(requests).reduce((sum, count) => sum + count, 0);
}
