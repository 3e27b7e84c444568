/**
 * How CPU tasks scale with threads: the same number of 10 ms tasks on 1 and on 2 threads, in turn, through
 * the whole system. Prints tasks/s once a tenth of a run has ended, by when the threads have started, and
 * the ratio.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Table from 'cli-table3';
import { medianSorted } from 'simple-statistics';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { BatchSubmitted, TaskView } from '../edge/contract/api.ts';
import { startLocalEdge } from '../runner/local-edge.ts';
import { startScript } from '../runner/script.ts';

const { tasks, rounds, ms } = await yargs(hideBin(process.argv))
  .option('tasks', { type: 'number', default: 1000, describe: 'Tasks a run, 1,000 at most' })
  .option('rounds', { type: 'number', default: 3, describe: 'Runs on each number of threads' })
  .option('ms', { type: 'number', default: 10, describe: 'CPU milliseconds a task' })
  .strict()
  .parse();

const folder = await mkdtemp(join(tmpdir(), 'task-queue-threads-'));
const edge = await startLocalEdge(join(folder, 'state'));
try {
  const rates = new Map<number, number[]>([
    [1, []],
    [2, []],
  ]);
  for (let round = 0; round < rounds; round += 1) {
    for (const [threads, measured] of rates) measured.push(await measure(threads));
  }
  const [one, two] = [...rates.values()].map((values) => medianSorted(values.toSorted((a, b) => a - b)));
  const table = new Table({ head: ['threads', 'tasks/s (median)', 'runs'], style: { head: [], border: [] } });
  for (const [threads, values] of rates) {
    table.push([
      threads,
      threads === 1 ? one?.toFixed(1) : two?.toFixed(1),
      values.map((rate) => rate.toFixed(1)).join('  '),
    ]);
  }
  console.log(table.toString());
  console.log(`2 threads run ${((two ?? 0) / (one ?? 1)).toFixed(2)} times the tasks of 1`);
} finally {
  await edge.stop();
  await rm(folder, { recursive: true });
}

/** Tasks a second; every task counted was read back as completed in one attempt. */
async function measure(threads: number): Promise<number> {
  const ids = await submit();
  const runner = await startScript('runner/cli.ts', {
    args: ['--threads', String(threads), '--once', '--log-level', 'warn'],
    env: edge.env,
  });
  if ((await runner.ended) !== 0) throw new Error('The runner failed');
  const views = await Promise.all(ids.map(read));
  const wrong = views.find((view) => view.status !== 'completed' || view.attempts.length !== 1);
  if (wrong)
    throw new Error(`Task ${wrong.taskId} ended as ${wrong.status} after ${wrong.attempts.length} attempts`);
  const ends = views.map((view) => Date.parse(view.completedAt ?? '')).toSorted((a, b) => a - b);
  const warm = Math.floor(tasks / 10);
  return (tasks - warm) / (((ends.at(-1) ?? 0) - (ends[warm] ?? 0)) / 1000);
}

async function submit(): Promise<string[]> {
  const body = { tasks: Array.from({ length: tasks }, () => ({ type: 'test-cpu', payload: { cpuMs: ms } })) };
  const response = await fetch(`${edge.apiUrl}/tasks/batch`, { method: 'POST', body: JSON.stringify(body) });
  const { taskIds } = BatchSubmitted.parse(await response.json());
  const last = taskIds.at(-1) ?? '';
  while (!(await buffered(last))) await sleep(50);
  return taskIds;
}

/** Whether the ledger has the task: only it knows when a task was received. */
async function buffered(taskId: string): Promise<boolean> {
  const response = await fetch(`${edge.queueUrl}/tasks/${taskId}/complete`, { method: 'POST' });
  return response.status === 409;
}

async function read(taskId: string): Promise<TaskView> {
  return TaskView.parse(await (await fetch(`${edge.apiUrl}/tasks/${taskId}`)).json());
}
