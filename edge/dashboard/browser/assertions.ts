import assert from 'node:assert/strict';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { z } from 'zod';

const Violations = z.object({
  violations: z.array(
    z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string(), failureSummary: z.string() })) }),
  ),
});

/** Asserts that axe finds no violation of WCAG 2.2 AA in the current state of a page. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  if (!(await page.evaluate('"axe" in globalThis'))) await page.evaluate(axe.source);
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
  const found: unknown = await page.evaluate(`axe.run({ runOnly: ${JSON.stringify(tags)} })`);
  const faults = Violations.parse(found).violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`).join('\n')}`,
  );
  assert.deepEqual(faults, [], `Expected ${what} to be accessible`);
}

/** Asserts that a page is not wider than its window. */
export async function expectNoSidewaysScroll(page: Page, what: string): Promise<void> {
  const width = await page.evaluate(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
  assert.equal(width, 0, `Expected ${what} not to scroll sideways`);
}

const SMALL = `[...document.querySelectorAll('button, input:not([type=radio]), select, textarea, .choice label, .views a')]
  .filter((one) => one.checkVisibility() && !one.closest('.unseen') && !one.matches('.skip, .check input'))
  .map((one) => [one.outerHTML.slice(0, 100), one.getBoundingClientRect()])
  .filter(([, { width, height }]) => width < 43.5 || height < 43.5)
  .map(([html, { width, height }]) => width + ' × ' + height + ': ' + html)`;

/** Asserts that every control of a page is large enough for a finger: at least 44 px. */
export async function expectRoomForFingers(page: Page, what: string): Promise<void> {
  assert.deepEqual(await page.evaluate(SMALL), [], `Expected ${what} to have controls of at least 44 px`);
}
