import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { expectAccessible, expectNoSidewaysScroll, expectRoomForFingers } from './assertions.ts';
import { Consumer } from './consumer.ts';
import type { Stage } from './harness.ts';

const SIZES = [
  { name: 'a desktop', viewport: { width: 1280, height: 800 } },
  { name: 'a phone', viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true },
];
const LOOKS = SIZES.flatMap((size) =>
  (['light', 'dark'] as const).map((colorScheme) => ({ ...size, colorScheme })),
);

/** Tests of the main functions of the dashboard, in both themes and at each width. */
export function journeyTests(stage: () => Stage): void {
  describe('a task is submitted, followed and found again', () => {
    for (const [index, { name, ...options }] of LOOKS.entries()) {
      test(`on ${name}, ${options.colorScheme}`, async (t) => {
        const { edge } = stage();
        const type = `journey-${index}`;
        const page = await stage().livePage(t, '', options);
        const isPhone = options.viewport.width < 760;
        const judge = async (what: string) => {
          await expectNoSidewaysScroll(page, what);
          if (isPhone) await expectRoomForFingers(page, what);
          else await expectAccessible(page, what);
        };

        await page.getByRole('button', { name: 'New task' }).click();
        await page.getByRole('dialog').getByLabel('Type').fill(type);
        await page.getByLabel('Payload, as JSON').fill('{"to": "user@example.com"}');
        await page.getByLabel('Tags').fill('journey, first');
        await judge('the form of a new task');
        await page.getByRole('button', { name: 'Submit', exact: true }).click();
        await page.getByRole('link', { name: 'Show the task' }).click();
        await page.getByRole('heading', { level: 1, name: type }).waitFor();

        const runner = new Consumer(edge, `runner-${index}`, type);
        const id = await runner.claimOne();
        await page.getByRole('main').getByText('Processing').waitFor();
        await page.getByText('Attempt 1 runs').waitFor();
        await runner.progress(id, { done: 3, total: 4, step: 'sending' });
        const bar = page.getByRole('progressbar', { name: 'Progress' });
        await bar.waitFor();
        assert.equal(await bar.getAttribute('value'), '0.75');
        await page.getByText('3 of 4').waitFor();
        await judge('a running task');

        await runner.complete(id, { messageId: '<1@example.com>' });
        await page.getByText('Attempt 1 succeeded').waitFor();
        await page
          .getByRole('region', { name: 'Result', exact: true })
          .getByText('<1@example.com>')
          .waitFor();
        await judge('a completed task');

        for (const view of ['Overview', 'Types', 'Runners', 'Tasks']) {
          await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: view }).click();
          await page.getByRole('heading', { level: 1, name: view }).waitFor();
          if (view === 'Tasks') await page.locator('[data-row]').first().waitFor();
          await judge(`the view ${view}`);
        }
        if (isPhone) await page.getByRole('button', { name: /^Filters/ }).click();
        await page.getByRole('search').getByLabel('Type').fill(type);
        await page.waitForURL(`**/#/tasks?type=${type}`);
        await page.getByText('1 task,').waitFor();
        await page.getByRole('link', { name: id }).click();
        await page.getByText('Attempt 1 succeeded').waitFor();
        await page.goBack();
        await page.waitForURL(`**/#/tasks?type=${type}`);
        await page.getByRole('link', { name: id }).waitFor();
      });
    }
  });
}
