/**
 * Shows the whole system at work: both workers and a runner in a temporary folder, a task of each type,
 * failures, retries and a batch. The exit code is 0 only if each task ended as expected.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import sharp from 'sharp';
import { BatchSubmitted, Submitted, TaskList, TaskView } from '../../edge/contract/api.ts';
import type { TaskStatus } from '../../edge/contract/task.ts';
import { type LocalEdge, startLocalEdge } from '../../edge/scripts/lib/local-edge.ts';
import { type Script, startScript } from '../../edge/scripts/lib/script.ts';
import { onStarterEnd } from '../../edge/scripts/lib/starter.ts';
import { ensureDataset } from './dataset.ts';

const BATCH_SIZE = 200;
const TIME_LIMIT_MS = 90_000;

/** A task of the demo, and its expected end. */
interface Example {
  readonly name: string;
  readonly task: { readonly type: string; readonly payload: object; readonly [option: string]: unknown };
  readonly ends: TaskStatus;
  /** The expected number of attempts. */
  readonly attempts: number;
}

const EXAMPLES: readonly Example[] = [
  {
    name: 'writes an email to the outbox folder',
    task: {
      type: 'email',
      payload: { to: 'user@example.com', subject: 'Welcome Email', template: 'welcome' },
    },
    ends: 'completed',
    attempts: 1,
  },
  {
    name: 'analyses 100,000 rows and fits a model',
    task: {
      type: 'heavy',
      payload: {
        operation: 'data_analysis',
        dataset: 'large_dataset.csv',
        parameters: { algorithm: 'machine_learning' },
      },
    },
    ends: 'completed',
    attempts: 1,
  },
  {
    name: 'resizes and rotates an image',
    task: {
      type: 'image',
      payload: { source: { file: 'demo.png' }, resize: { width: 320 }, rotate: 90, format: 'webp' },
    },
    ends: 'completed',
    attempts: 1,
  },
  {
    name: 'waits for half a second',
    task: { type: 'test', payload: { durationMs: 500 } },
    ends: 'completed',
    attempts: 1,
  },
  {
    name: 'computes for half a second',
    task: { type: 'test-cpu', payload: { cpuMs: 500 } },
    ends: 'completed',
    attempts: 1,
  },
  {
    name: 'starts a second later',
    task: { type: 'test', payload: {}, delaySeconds: 1 },
    ends: 'completed',
    attempts: 1,
  },
  {
    name: 'fails twice, then succeeds',
    task: { type: 'test', payload: { failTimes: 2 }, backoff: { baseSeconds: 0.2 } },
    ends: 'completed',
    attempts: 3,
  },
  {
    name: 'fails for good (not retried)',
    task: { type: 'test', payload: { shouldFail: true, errorMessage: 'Simulated failure for testing' } },
    ends: 'failed',
    attempts: 1,
  },
  {
    name: 'takes longer than its timeout, one attempt allowed',
    task: { type: 'test-cpu', payload: { cpuMs: 60_000 }, timeoutSeconds: 1, maxAttempts: 1 },
    ends: 'failed',
    attempts: 1,
  },
];

const folder = await mkdtemp(join(tmpdir(), 'task-queue-demo-'));
const runnerLog = join(folder, 'runner.log');
/** Aborted when the demo must end early. */
const interrupted = new AbortController();
const { signal } = interrupted;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupted.abort());
onStarterEnd(() => interrupted.abort());
// A closed terminal takes no more output. The started processes must end nevertheless.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

let edge: LocalEdge | undefined;
let runner: Script | undefined;
let passed = false;
try {
  const dataDir = join(folder, 'data');
  console.log('Starting both workers and a runner...');
  await ensureDataset(dataDir);
  await sharp({ create: { width: 1280, height: 960, channels: 3, background: '#e66a2c' } }).toFile(
    join(dataDir, 'demo.png'),
  );
  edge = await startLocalEdge(join(folder, 'state'), { signal });
  runner = await startScript('runner/cli.ts', {
    args: ['--poll-interval', '250'],
    env: { ...edge.env, DATA_DIR: dataDir, OUTBOX_DIR: join(folder, 'outbox') },
    output: { file: runnerLog },
  });
  passed = await demonstrate(edge.apiUrl);
  if (!passed) console.error(`Not every task ended as expected. The runner's log: ${runnerLog}`);
} catch (error) {
  if (!signal.aborted) {
    console.error(error instanceof Error ? error.message : error);
    console.error(await readFile(runnerLog, 'utf8').catch(() => 'The runner did not start'));
  }
}
await runner?.stopSoon();
await edge?.stop();
if (passed || signal.aborted) await rm(folder, { recursive: true });
process.exit(passed ? 0 : 1);

async function demonstrate(apiUrl: string): Promise<boolean> {
  const singles = await Promise.all(EXAMPLES.map(({ task }) => submit(apiUrl, task)));
  const batch = await submitBatch(apiUrl);
  console.log(`Submitted ${singles.length} tasks and a batch of ${batch.length}`);

  const views = await untilEnded(apiUrl, [...singles, ...batch]);
  const table = new Table({
    head: ['type', 'what', 'status', 'attempts', 'seconds', 'result or error'],
    style: { head: [], border: [] },
  });
  let passed = true;
  for (const [index, { name, ends, attempts }] of EXAMPLES.entries()) {
    const view = views[index];
    const right = view?.status === ends && view.attempt === attempts;
    passed &&= right;
    table.push([
      view?.type,
      name,
      right ? view.status : `${view?.status}, expected ${ends}`,
      view?.attempt,
      seconds(view),
      outcome(view),
    ]);
  }
  const completed = views.slice(EXAMPLES.length).filter((view) => view?.status === 'completed').length;
  passed &&= completed === BATCH_SIZE;
  table.push(['test-cpu', `batch of ${BATCH_SIZE}`, `${completed} completed`, '', '', '']);
  console.log(table.toString());
  return passed;
}

async function submit(apiUrl: string, task: Example['task']): Promise<string> {
  return Submitted.parse(await post(`${apiUrl}/tasks`, task)).taskId;
}

async function submitBatch(apiUrl: string): Promise<string[]> {
  const tasks = Array.from({ length: BATCH_SIZE }, () => ({ type: 'test-cpu', payload: { cpuMs: 5 } }));
  return BatchSubmitted.parse(await post(`${apiUrl}/tasks/batch`, { tasks })).taskIds;
}

async function post(url: string, body: object): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.status !== 201)
    throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** Waits until all tasks have ended or the time is up, with a progress bar. Then reads each task. */
async function untilEnded(apiUrl: string, taskIds: readonly string[]): Promise<TaskView[]> {
  const bar = new SingleBar({ format: '{bar} {value}/{total} tasks ended, {duration} s' });
  bar.start(taskIds.length, 0);
  const deadline = Date.now() + TIME_LIMIT_MS;
  try {
    for (let ended = 0; ended < taskIds.length && Date.now() < deadline; bar.update(ended)) {
      await sleep(100, undefined, { signal });
      const { tasks } = TaskList.parse(await get(`${apiUrl}/tasks?limit=1000`));
      ended = tasks.filter((task) => task.completedAt !== undefined).length;
    }
  } finally {
    bar.stop();
  }
  return Promise.all(taskIds.map(async (id) => TaskView.parse(await get(`${apiUrl}/tasks/${id}`))));
}

async function get(url: string): Promise<unknown> {
  return (await fetch(url)).json();
}

function seconds(view: TaskView | undefined): string {
  if (view?.completedAt === undefined) return '';
  return ((Date.parse(view.completedAt) - Date.parse(view.createdAt)) / 1000).toFixed(2);
}

function outcome(view: TaskView | undefined): string {
  if (view?.completedAt === undefined) return 'did not end in time';
  const text = view.error ? `${view.error.code}: ${view.error.message}` : JSON.stringify(view.result ?? null);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
