import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { quantileSorted } from 'simple-statistics';
import { missingChromium, startChromium } from '../../edge/dashboard/testing/chromium.ts';
import type { Bench, Suite } from '../bench.ts';
import { BenchSystem } from '../system.ts';

const TASKS_PER_SECOND = 500;
const BATCH = 50;
/** The interval at which the page measures the delay of its event loop. */
const TICK_MS = 10;

/** The speed of the dashboard with a ledger of many tasks, and while tasks are running. */
export const dashboardSuite: Suite = {
  name: 'dashboard',
  title: 'The dashboard in Chromium',

  async run(bench) {
    if (missingChromium) {
      bench.skip(`The dashboard is not measured. ${missingChromium}`);
      return;
    }
    const system = await BenchSystem.start(join(bench.folder, 'dashboard'));
    const browser = await startChromium();
    try {
      const waiting = bench.size(100_000, 10_000);
      bench.step(`submitting ${waiting} tasks`);
      await system.client.load(Array.from({ length: waiting }, () => ({ type: 'nobody-takes-it' })));
      await measureOpening(bench, browser, system.client.apiUrl, waiting);
      await measureLoad(bench, browser, system);
    } finally {
      await browser.close();
      await system.stop();
    }
  },
};

/** Measures the time until the overview shows its figures, and until the list shows its first page. */
async function measureOpening(bench: Bench, browser: Browser, url: string, waiting: number): Promise<void> {
  const figures: number[] = [];
  const list: number[] = [];
  const rounds = bench.size(5, 2);
  for (let round = 1; round <= rounds; round += 1) {
    bench.step(`opening, round ${round} of ${rounds}`);
    figures.push(
      await opened(browser, `${url}/`, (page) =>
        page.getByText(`${waiting.toLocaleString('en')} ready`).waitFor(),
      ),
    );
    list.push(
      await opened(browser, `${url}/#/tasks`, (page) => page.locator('[data-row]').first().waitFor()),
    );
  }
  const tasks = `${waiting.toLocaleString('en')} tasks waiting`;
  bench.target('dashboardOpens', bench.record(`opened until the figures stand, ${tasks}`, 'ms', figures));
  bench.record(`opened until the list of tasks stands, ${tasks}`, 'ms', list);
}

async function opened(browser: Browser, url: string, shown: (page: Page) => Promise<void>): Promise<number> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const startedAt = performance.now();
    await page.goto(url);
    await shown(page);
    return performance.now() - startedAt;
  } finally {
    await context.close();
  }
}

/** Measures the updates of an open page, and how soon it answers a click, while tasks are running. */
async function measureLoad(bench: Bench, browser: Browser, system: BenchSystem): Promise<void> {
  const seconds = bench.size(30, 10);
  const tasks = seconds * TASKS_PER_SECOND;
  const runner = await system.startRunner(tasks, { THREADS: '1' });
  const page = await browser.newPage();
  const updatedAt: number[] = [];
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => {
      if (payload !== 'pong') updatedAt.push(performance.now());
    }),
  );
  await page.goto(`${system.client.apiUrl}/`);
  await page.getByText(/ ready, /).waitFor();
  bench.step(`${TASKS_PER_SECOND} tasks a second for ${seconds} s`);
  await page.evaluate(watchDelay, TICK_MS);
  const startedAt = performance.now();
  const [ids, answers] = await Promise.all([offer(system, tasks), click(page, seconds)]);
  const updates = updatesPerSecond(updatedAt.filter((at) => at >= startedAt));
  const delays = (await page.evaluate(delaysSeen)).toSorted((a, b) => a - b);
  await runner.done;
  await runner.stop();
  await system.client.verify('bench-noop', ids, () => true);

  const load = `${TASKS_PER_SECOND} tasks/s`;
  bench.target('dashboardUpdates', bench.record(`updates a second, ${load}`, '1/s', [updates]));
  bench.record(`delay of the page's event loop, p99, ${load}`, 'ms', [quantileSorted(delays, 0.99)]);
  bench.target(
    'dashboardClicks',
    bench.record(`from a click to the page it leads to, ${load}`, 'ms', answers),
  );
}

/** The updates per second between the first update and the last. */
function updatesPerSecond(updatedAt: readonly number[]): number {
  const [first = Number.NaN] = updatedAt;
  const last = updatedAt.at(-1) ?? Number.NaN;
  return ((updatedAt.length - 1) * 1000) / (last - first);
}

/** Submits tasks at a steady pace. */
async function offer(system: BenchSystem, tasks: number): Promise<string[]> {
  const ids: string[] = [];
  const startedAt = performance.now();
  for (let from = 0; from < tasks; from += BATCH) {
    await sleep(Math.max(0, startedAt + (from / TASKS_PER_SECOND) * 1000 - performance.now()));
    const batch = Array.from({ length: BATCH }, (_, index) => ({
      type: 'bench-noop',
      payload: { n: from + index },
    }));
    ids.push(...(await system.client.submitMany(batch)));
  }
  return ids;
}

/** Goes to another page once a second, and returns how long each took to appear. */
async function click(page: Page, seconds: number): Promise<number[]> {
  const answers: number[] = [];
  const links = page.getByRole('navigation').first();
  for (let second = 0; second < seconds; second += 1) {
    const name = second % 2 === 0 ? 'Types' : 'Overview';
    const startedAt = performance.now();
    await links.getByRole('link', { name }).click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
    answers.push(performance.now() - startedAt);
    await sleep(Math.max(0, 1000 - (performance.now() - startedAt)));
  }
  return answers;
}

/** Runs in the page: records the delay of each tick of a timer. */
function watchDelay(tickMs: number): void {
  const delays: number[] = [];
  Object.assign(globalThis, { benchDelays: delays });
  let due = performance.now() + tickMs;
  const tick = () => {
    const now = performance.now();
    delays.push(Math.max(0, now - due));
    due = now + tickMs;
    setTimeout(tick, tickMs);
  };
  setTimeout(tick, tickMs);
}

/** Runs in the page: returns the recorded delays. */
function delaysSeen(): number[] {
  const delays: unknown = Reflect.get(globalThis, 'benchDelays');
  return Array.isArray(delays) ? delays.map(Number) : [];
}
