import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Bench as Timer } from 'tinybench';
import type { Bench, Suite } from '../bench.ts';
import { post } from '../edge-client.ts';
import { BenchSystem } from '../system.ts';

const TYPES = ['backlog-a', 'backlog-b', 'backlog-c', 'backlog-d', 'backlog-e'];
const CLAIM = 100;
const SMALL = 1000;
const BUFFER = join(import.meta.dirname, '../backlog/buffer.ts');

/** The duration of claims and status calls while few or very many tasks wait, and while most have other types. */
export const backlogSuite: Suite = {
  name: 'backlog',
  title: 'Backlog',

  async run(bench) {
    const small = await Backlog.start(join(bench.folder, 'small'));
    const large = await Backlog.start(join(bench.folder, 'large'));
    try {
      await small.fill(bench, TYPES, SMALL);
      await large.fill(bench, TYPES, SMALL);
      for (const size of bench.size([10_000, 100_000], [])) {
        await large.fill(bench, TYPES, size);
        await measure(bench, large, `${size.toLocaleString('en')} waiting`);
      }
      await large.fill(bench, TYPES, 1_000_000);
      await compare(bench, small, large);
      await small.fill(bench, ['foreign'], 1_000_000);
      await measure(bench, small, '1,000 waiting among 1,000,000 of foreign types');
    } finally {
      await small.stop();
      await large.stop();
    }
  },
};

interface Latencies {
  readonly claim: number;
  readonly claimP99: number;
  readonly status: number;
}

async function measure(bench: Bench, backlog: Backlog, name: string): Promise<void> {
  bench.step(name);
  const rounds: Latencies[] = [];
  for (let round = 0; round < bench.size(3, 1); round += 1)
    rounds.push(await backlog.time(bench.size(100, 30)));
  record(bench, name, rounds);
}

function record(bench: Bench, name: string, rounds: readonly Latencies[]): void {
  bench.record(
    `claim of ${CLAIM}, ${name}, p50`,
    'ms',
    rounds.map(({ claim }) => claim),
  );
  bench.record(
    `claim of ${CLAIM}, ${name}, p99`,
    'ms',
    rounds.map(({ claimP99 }) => claimP99),
  );
  bench.record(
    `status, ${name}, p50`,
    'ms',
    rounds.map(({ status }) => status),
  );
}

/** Measures the smallest and the largest backlog in turn. */
async function compare(bench: Bench, small: Backlog, large: Backlog): Promise<void> {
  const rounds: { small: Latencies; large: Latencies }[] = [];
  const calls = bench.size(100, 30);
  for (let round = 1; round <= bench.size(5, 2); round += 1) {
    bench.step(`1,000 against 1,000,000 waiting, round ${round}`);
    rounds.push({ small: await small.time(calls), large: await large.time(calls) });
  }
  record(
    bench,
    '1,000 waiting',
    rounds.map((round) => round.small),
  );
  record(
    bench,
    '1,000,000 waiting',
    rounds.map((round) => round.large),
  );
  const ratio = bench.ratio(
    'claim with 1,000,000 waiting against 1,000',
    rounds.map((round) => round.large.claim),
    rounds.map((round) => round.small.claim),
  );
  bench.target('backlog', ratio);
}

/** A ledger with tasks that nobody runs. Claimed tasks are released again. */
class Backlog {
  readonly #system: BenchSystem;
  #filled = 0;
  #ids: string[] = [];

  private constructor(system: BenchSystem) {
    this.#system = system;
  }

  static async start(folder: string): Promise<Backlog> {
    return new Backlog(await BenchSystem.start(folder, BUFFER));
  }

  /** Fills the ledger up to a number of tasks. */
  async fill(bench: Bench, types: readonly string[], upTo: number): Promise<void> {
    bench.step(`filling the ledger up to ${upTo}`);
    // In the past, so that no task is in the current window.
    const fromMs = Date.now() - 3_600_000 + this.#filled / SMALL;
    const body = { types, count: upTo - this.#filled, fromMs };
    const ids = await post(`${this.#system.client.queueUrl}/bench/fill`, body);
    if (types === TYPES && Array.isArray(ids)) this.#ids.push(...ids);
    this.#filled = upTo;
  }

  /**
   * Measures claims of tasks of five types, and status calls for tasks spread over the ledger, in milliseconds.
   */
  async time(calls: number): Promise<Latencies> {
    const { client } = this.#system;
    let leaseId = '';
    let claimed: string[] = [];
    let asked = 0;
    const timer = new Timer({ time: 0, iterations: calls, warmupTime: 0, warmupIterations: 5, throws: true });
    timer.add(
      'claim',
      async () => {
        leaseId = randomUUID();
        const claim = await client.claim({
          leaseId,
          runner: 'bench',
          wants: [{ types: TYPES, limit: CLAIM }],
        });
        claimed = claim.tasks.map(({ taskId }) => taskId);
      },
      {
        async afterEach() {
          if (claimed.length !== CLAIM) throw new Error(`A claim returned ${claimed.length} tasks`);
          await post(`${client.queueUrl}/tasks/release`, { leaseId, taskIds: claimed });
        },
      },
    );
    timer.add('status', async () => {
      asked += 1;
      const id = this.#ids[(asked * 7919) % this.#ids.length] ?? '';
      const response = await fetch(`${client.apiUrl}/tasks/${id}/status`);
      const status = await response.json();
      if (!JSON.stringify(status).includes('"pending"')) throw new Error(`Task ${id} is not pending`);
    });
    await timer.run();
    const [claim, status] = timer.tasks.map(({ result }) =>
      'latency' in result ? result.latency : undefined,
    );
    if (!claim || !status) throw new Error('The timer has no result');
    return { claim: claim.p50, claimP99: claim.p99, status: status.p50 };
  }

  async stop(): Promise<void> {
    await this.#system.stop();
  }
}
