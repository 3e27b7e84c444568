import { availableParallelism, loadavg } from 'node:os';
import Table from 'cli-table3';
import { ATTACKS } from '../attacks/list.ts';
import { type Judged, judge } from './attack.ts';
import { startAttackedEdge } from './edge.ts';
import { fill } from './fill.ts';

/**
 * Starts an edge, fills it, runs every attack on it, and prints the results. It sends nothing to other machines.
 *
 * @returns whether every bound holds.
 */
export async function attackEdge(): Promise<boolean> {
  warnIfBusy();
  console.log('Filling the edge');
  const edge = await startAttackedEdge(fill);
  try {
    const judged: Judged[] = [];
    for (const attack of ATTACKS) {
      console.log(attack.name);
      judged.push(await judge(attack, edge));
    }
    console.log(tableOf(judged));
    return judged.every(({ held }) => held);
  } finally {
    await edge.stop();
  }
}

function warnIfBusy(): void {
  const [load = 0] = loadavg();
  const cores = availableParallelism();
  if (load <= cores) return;
  console.log(
    `Other programs keep this machine busy (load ${load.toFixed(1)}, ${cores} cores): the times will be too high. Run nothing else at the same time.`,
  );
}

function tableOf(judged: readonly Judged[]): string {
  const table = new Table({
    head: ['attack', 'measure', 'figure', 'bound', '', 'seen'],
    colWidths: [32, 22, 10, 10, 8, 46],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const { attack, outcome, held } of judged) {
    const { measure, unit, atMost } = attack.bound;
    const failed = 'error' in outcome;
    table.push([
      attack.name,
      measure,
      failed ? '' : `${Math.round(outcome.value)} ${unit}`,
      `${atMost} ${unit}`,
      held ? 'held' : 'not held',
      failed ? outcome.error : (outcome.note ?? ''),
    ]);
  }
  return table.toString();
}
