import { join } from 'node:path';
import autocannon, { type Result } from 'autocannon';
import type { Bench, Suite } from '../bench.ts';
import { drain } from '../drain.ts';
import { BenchSystem } from '../system.ts';

/** The number of requests and tasks per second that each worker handles from several clients at once. */
export const edgeSuite: Suite = {
  name: 'edge',
  title: 'Workers',

  async run(bench) {
    const system = await BenchSystem.start(join(bench.folder, 'edge'));
    try {
      for (const clients of bench.size([1, 4, 16], [4])) await measureCalls(bench, system, clients);
      await compareSingles(bench, system);
      for (const clients of bench.size([1, 4, 16], [4])) await measureClaims(bench, system, clients);
    } finally {
      await system.stop();
    }
  },
};

/** The number of requests of a kind that one client makes in two or three seconds. */
const REQUESTS = { health: 300, single: 100, ready: 100 };
/** The same for batches, by their size. */
const BATCHES: readonly [size: number, requests: number][] = [
  [10, 100],
  [100, 60],
  [1000, 30],
];
/** How many times as many requests several clients make in that time. */
const SPEEDUP: Record<number, number> = { 1: 1, 4: 3, 16: 4 };
/** The number of tasks that are claimed, by the number of tasks per request. */
const TASKS: Record<number, number> = { 1: 200, 10: 2000, 100: 12_000, 500: 20_000 };

function at(clients: number): string {
  return `${clients} client${clients === 1 ? '' : 's'}`;
}

async function measureCalls(bench: Bench, system: BenchSystem, clients: number): Promise<void> {
  const { apiUrl, queueUrl } = system.client;
  const share = (SPEEDUP[clients] ?? 1) * bench.size(1, 0.3);
  const measured = await bench.alternate(bench.size(3, 1), {
    [`/health, ${at(clients)}`]: () =>
      requestsPerSecond(`${apiUrl}/health`, clients, REQUESTS.health * share),
    [`single submissions, ${at(clients)}`]: () => submissions(system, clients, 1, REQUESTS.single * share),
    ...Object.fromEntries(
      BATCHES.map(([size, requests]) => [
        `submission by batches of ${size}, ${at(clients)}`,
        () => submissions(system, clients, size, Math.max(clients, requests * share)),
      ]),
    ),
    [`/tasks/ready, 100 of them, ${at(clients)}`]: () =>
      requestsPerSecond(`${queueUrl}/tasks/ready`, clients, REQUESTS.ready * share),
  });
  for (const [name, values] of Object.entries(measured)) {
    bench.record(name, name.startsWith('/') ? 'requests/s' : 'tasks/s', values);
  }
}

/** Compares a submission with a plain request, with enough clients to keep a worker busy. */
async function compareSingles(bench: Bench, system: BenchSystem): Promise<void> {
  const clients = 16;
  const share = bench.size(1, 0.5);
  const { health, single } = await bench.alternate(bench.size(5, 2), {
    health: () => requestsPerSecond(`${system.client.apiUrl}/health`, clients, 1600 * share),
    single: () => submissions(system, clients, 1, 800 * share),
  });
  bench.target(
    'singleVsHealth',
    bench.ratio(`single submissions against /health, ${at(clients)}`, single, health),
  );
}

async function requestsPerSecond(
  url: string,
  clients: number,
  amount: number,
  body?: string,
): Promise<number> {
  const startedAt = performance.now();
  let answeredAt = startedAt;
  const options = {
    url,
    connections: clients,
    amount: Math.round(amount),
    ...(body !== undefined && {
      method: 'POST' as const,
      body,
      headers: { 'content-type': 'application/json' },
    }),
  };
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const load = autocannon(options, (error, result) => (error ? reject(error) : resolve(result)));
  // The duration that autocannon measures ends at the next full second.
  load.on('response', () => {
    answeredAt = performance.now();
  });
  const result = await promise;
  const answered = result['2xx'];
  if (answered !== Math.round(amount)) {
    throw new Error(`${url}: of ${amount} requests ${answered} were answered, ${result.non2xx} refused`);
  }
  return answered / ((answeredAt - startedAt) / 1000);
}

let submitted = 0;

/** Measures submitted tasks per second, and waits until all of them are in the ledger. */
async function submissions(
  system: BenchSystem,
  clients: number,
  size: number,
  requests: number,
): Promise<number> {
  submitted += 1;
  const type = `bench-submitted-${submitted}`;
  const tasks = Array.from({ length: size }, (_, n) => ({ type, payload: { n } }));
  const { apiUrl } = system.client;
  const rate =
    size === 1
      ? await requestsPerSecond(`${apiUrl}/tasks`, clients, requests, JSON.stringify(tasks[0]))
      : size *
        (await requestsPerSecond(`${apiUrl}/tasks/batch`, clients, requests, JSON.stringify({ tasks })));
  await system.client.untilReady(type, size * Math.round(requests));
  return rate;
}

/** Measures claims, and then claims whose tasks are settled. */
async function measureClaims(bench: Bench, { client }: BenchSystem, clients: number): Promise<void> {
  let twice = 0;
  const measure = async (name: string, size: number, settle: boolean) => {
    bench.step(name);
    const tasks = (TASKS[size] ?? 0) * bench.size(1, 0.3);
    const values: number[] = [];
    for (let round = 0; round < bench.size(3, 1); round += 1) {
      const { rate, claimedTwice } = await drain(client, { tasks, size, clients, settle });
      values.push(rate);
      twice += claimedTwice;
    }
    bench.record(name, 'tasks/s', values);
  };
  for (const size of [1, 10, 100, 500]) await measure(`claim by ${size}, ${at(clients)}`, size, false);
  for (const size of [100, 500]) await measure(`claim and settle by ${size}, ${at(clients)}`, size, true);
  bench.record(`tasks claimed twice, ${at(clients)}`, 'tasks', [twice]);
}
