import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { TestEdge, workersWith } from '../../testing/harness.ts';
import { OPEN } from '../../testing/shared-edges.ts';
import { startChromium } from '../testing/chromium.ts';

/** The time limit of each browser call. */
const TIMEOUT_MS = 30_000;

/** The real edge and a browser. */
export class Stage {
  readonly edge: TestEdge;
  readonly url: string;
  readonly #browser: Browser;
  #anyone: Promise<BrowserContext> | undefined;

  constructor(edge: TestEdge, url: string, browser: Browser) {
    this.edge = edge;
    this.url = url;
    this.#browser = browser;
  }

  static async open(): Promise<Stage> {
    const edge = new TestEdge(workersWith(OPEN));
    const [url, browser] = await Promise.all([edge.listen(), startChromium()]);
    return new Stage(edge, url, browser);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.edge.close();
  }

  /** A separate browser context, like that of another person. It is closed when the test ends. */
  async person(t: TestContext, options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await this.#newPerson(options);
    t.after(() => context.close());
    return context;
  }

  /** Opens the dashboard, in a separate context with these options or, without options, in a shared one. */
  async page(t: TestContext, hash = '', options?: BrowserContextOptions): Promise<Page> {
    if (options) return this.visit(t, await this.person(t, options), hash);
    this.#anyone ??= this.#newPerson({});
    return this.visit(t, await this.#anyone, hash);
  }

  /** Opens the dashboard in a tab of a person's browser. At the end the test fails if the page had an error. */
  async visit(t: TestContext, person: BrowserContext, hash = ''): Promise<Page> {
    const page = await person.newPage();
    t.after(() => page.close());
    expectNoFault(t, page);
    await page.goto(`${this.url}/${hash}`);
    return page;
  }

  /** Opens the dashboard, and waits until it is live. */
  async livePage(t: TestContext, hash = '', options?: BrowserContextOptions): Promise<Page> {
    const page = await this.page(t, hash, options);
    await isLive(page);
    return page;
  }

  async #newPerson(options: BrowserContextOptions): Promise<BrowserContext> {
    const context = await this.#browser.newContext({ reducedMotion: 'reduce', ...options });
    context.setDefaultTimeout(TIMEOUT_MS);
    return context;
  }
}

/** Waits until the page shows that it is live. */
export function isLive(page: Page): Promise<void> {
  return page.getByText('Live', { exact: true }).waitFor();
}

/** Messages that the browser logs for an unsuccessful answer. They are not faults of the page. */
const ANSWERED = /^Failed to load resource|^WebSocket connection to/;

/** Fails the test if a script threw, or if the browser refused something, such as by the page's policy. */
function expectNoFault(t: TestContext, page: Page): void {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    const isFault = message.type() === 'error' || message.type() === 'warning';
    if (isFault && !ANSWERED.test(message.text())) faults.push(message.text());
  });
  t.after(() => assert.deepEqual(faults, [], 'Expected no fault in the page'));
}
