import type { TestContext } from 'node:test';
import { waitFor } from '../../edge/testing/wait-for.ts';
import type { Catalog, TaskEntry } from '../catalog/catalog.ts';
import type { RunnerEvents } from '../events.ts';
import { type RunnerOptions, readOptions } from '../options.ts';
import { Runner } from '../runner.ts';
import { FakeEdge } from './fake-edge.ts';
import { fixtureEntry, type HeldTaskOptions, type Order } from './held-tasks.ts';

const CATALOG: Catalog = new Map([
  ['cpu-fixture', fixtureEntry('cpu')],
  ['io-fixture', fixtureEntry('io')],
]);

/** Another task type of the cpu lane. */
export const OTHER_TYPE: TaskEntry = { ...fixtureEntry('cpu'), type: 'other-fixture' };

/** A runner with the fixtures and some more types on a fake edge. `run` starts it. Both end with the test. */
export async function prepareRunner(
  t: TestContext,
  options: Partial<RunnerOptions> = {},
  more: readonly TaskEntry[] = [],
) {
  const catalog = new Map([...CATALOG, ...more.map((entry) => [entry.type, entry] as const)]);
  const edge = await FakeEdge.open();
  const { queueUrl, apiUrl } = edge;
  const base: Partial<RunnerOptions> = {
    threads: 2,
    ioConcurrency: 4,
    pollIntervalMs: 100,
    dataDir: '/data',
  };
  const runner = new Runner(readOptions({ ...base, queueUrl, apiUrl, ...options }, {}), catalog);
  const seen: (keyof RunnerEvents)[] = [];
  const counted = (name: keyof RunnerEvents) => seen.filter((event) => event === name).length;
  const started: string[] = [];
  const running = new Set<string>();
  let unanswered: number | undefined;
  for (const name of NAMES) runner.events.on(name, () => void seen.push(name));
  runner.events.on('started', ({ task }) => void started.push(task.taskId));
  runner.events.on('progress', ({ held }) => void running.add(held.task.taskId));
  runner.events.on('drained', (rest) => {
    unanswered = rest.unanswered;
  });

  let ended: Promise<void> | undefined;
  const run = (): Promise<void> => {
    ended ??= runner.run();
    return ended;
  };
  t.after(async () => {
    edge.recover();
    runner.stop();
    runner.stop();
    await ended?.catch(() => {});
    await edge.close();
  });

  const add = (order: Order, { lane = 'cpu', ...rest }: HeldTaskOptions = {}): string =>
    edge.ledger.add(`${lane}-fixture`, order, rest);
  const addMany = (count: number, order: Order, rest?: HeldTaskOptions): string[] =>
    Array.from({ length: count }, () => add(order, rest));
  const isRunning = (...ids: string[]) =>
    waitFor('the tasks to run', () => ids.every((id) => running.has(id)));
  const settled = () => waitFor('all results', () => edge.ledger.allSettled);
  return {
    edge,
    ledger: edge.ledger,
    runner,
    run,
    add,
    addMany,
    isRunning,
    settled,
    seen,
    counted,
    started,
    unanswered: () => unanswered,
  };
}

const NAMES = [
  'configured',
  'connecting',
  'connected',
  'ready',
  'polling',
  'claimed',
  'idle',
  'started',
  'completed',
  'failed',
  'reported',
  'released',
  'lost',
  'retrying',
  'draining',
  'drained',
] as const satisfies readonly (keyof RunnerEvents)[];
