import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { waitFor } from '../../testing/wait-for.ts';
import { expectAccessible } from './assertions.ts';
import { Consumer } from './consumer.ts';
import type { Stage } from './harness.ts';

/** A figure of the overview, found by its name. */
const figure = (page: Page, name: string) =>
  page
    .getByRole('region', { name: 'Tasks now' })
    .locator('.figures > div')
    .filter({ has: page.getByText(name, { exact: true }) });

/** Tests of the overview, the types and the runners, which show the live updates. */
export function overviewTests(stage: () => Stage): void {
  describe('live updates', () => {
    test('count the waiting and running tasks and name the oldest waiting task', async (t) => {
      const { edge } = stage();
      const page = await stage().livePage(t);
      const before = await numberIn(page, 'Waiting');
      const [id] = await edge.submitManyReady('counted', 3);
      await edge.submit({ type: 'counted', delaySeconds: 3600 });
      await waitFor('four more to wait', async () => {
        return (await numberIn(page, 'Waiting')) === before + 4 || undefined;
      });
      await figure(page, 'Waiting')
        .getByText(/\d ready, \d+ scheduled/)
        .waitFor();
      await figure(page, 'Waiting').getByRole('link').click();
      await page.waitForURL('**/#/tasks?status=pending');
      await page.goBack();
      assert.ok(id);
      const oldest = figure(page, 'Oldest waiting');
      await oldest.getByText(/^\d+ (s|m)$/).click();
      await page.waitForURL(/#\/tasks\/[0-9a-f-]{36}$/);
    });

    test('fill the charts, which show the hour as a text, under the pointer and as a table', async (t) => {
      const runner = new Consumer(stage().edge, 'charted-runner', 'charted');
      await stage().edge.submitReady({ type: 'charted' });
      await runner.complete(await runner.claimOne(), 1);
      await stage().edge.submitReady({ type: 'charted' });
      await runner.fail(await runner.claimOne(), 'It broke');

      const page = await stage().livePage(t);
      const chart = page.getByRole('region', { name: 'Tasks ended per minute' });
      const plot = chart.getByRole('img', {
        name: /In the last hour \d+ tasks? completed and [1-9]\d* failed/,
      });
      await plot.waitFor();
      await chart.getByText('Last hour').waitFor();
      const place = await plot.boundingBox();
      assert.ok(place);
      await page.mouse.move(place.x + place.width - 20, place.y + place.height / 2);
      await chart.getByText(/^\d\d:\d\d$/).waitFor();
      await page.mouse.move(0, 0);
      await chart.getByRole('button', { name: 'Tasks ended per minute as a table' }).click();
      await chart
        .getByRole('cell', { name: /^\d\d:\d\d$/ })
        .first()
        .waitFor();

      const latency = page.getByRole('region', { name: 'Run from claim to report' });
      await latency
        .getByRole('img', { name: /^Run at \d\d:\d\d: half within .+, 95 of 100 within/ })
        .waitFor();
      const canvas = latency.locator('canvas');
      const before = await canvas.boundingBox();
      await page.setViewportSize({ width: 700, height: 800 });
      await waitFor('the chart to take the new width', async () => {
        const after = await canvas.boundingBox();
        return (after && before && after.width !== before.width && after.width < 700) || undefined;
      });
    });

    test('warn of a type that no runner handles, which can be paused and resumed', async (t) => {
      const { edge } = stage();
      await edge.submitManyReady('orphan', 2);
      const page = await stage().livePage(t);
      await page.getByRole('listitem').filter({ hasText: 'No connected runner handles orphan' }).waitFor();
      await expectAccessible(page, 'an overview that warns');
      await page.getByRole('link', { name: 'Types', exact: true }).click();
      const row = page.getByRole('row').filter({ hasText: 'orphan' });
      await row.getByText('No runner handles it').waitFor();
      await row.getByRole('button', { name: 'Pause orphan' }).click();
      await row.getByText('Paused').waitFor();
      const runner = new Consumer(edge, 'orphan-runner', 'orphan');
      assert.deepEqual(await runner.claim(5), []);
      await row.getByRole('button', { name: 'Resume orphan' }).click();
      await row.getByText('Paused').waitFor({ state: 'hidden' });
      await page.getByLabel('Filter types by name').fill('no-such');
      await page.getByText('No type matches').waitFor();
      await page.getByLabel('Filter types by name').fill('orph');
      await row.getByRole('link', { name: '2 orphan ready' }).click();
      await page.waitForURL('**/#/tasks?status=pending&type=orphan');
    });

    test('show a runner with its properties and the tasks that it holds', async (t) => {
      const { edge } = stage();
      await edge.submitManyReady('held', 2);
      const runner = new Consumer(edge, 'berlin-1', 'held');
      const page = await stage().livePage(t, '#/runners');
      const [first = ''] = await runner.claim(2);
      const card = page.getByRole('article', { name: 'berlin-1' });
      await card.getByText('Holds 2 tasks').waitFor();
      await card.getByText('2 h 5 m').waitFor();
      assert.deepEqual(await card.locator('dd').allTextContents(), ['2 h 5 m', '4', '16', 'held']);
      await card
        .getByText(/^\d+ s ago$/)
        .first()
        .waitFor();
      await card.getByRole('link', { name: first }).click();
      await page.getByText('Attempt 1 runs').waitFor();
      await page.getByText('berlin-1').waitFor();
    });

    test('show a stuck thread with its task and for how long it has been ending', async (t) => {
      const { edge } = stage();
      const [taskId = ''] = await edge.submitManyReady('stuck', 1);
      const runner = new Consumer(edge, 'berlin-2', 'stuck');
      const since = new Date(Date.now() - 137_000).toISOString();
      runner.stuck = [{ lane: 'cpu', taskId, type: 'stuck', since }];
      const page = await stage().livePage(t, '#/runners');
      await runner.claim(1);
      const card = page.getByRole('article', { name: 'berlin-2' });
      await card.getByText('1 stuck thread').waitFor();
      const row = card.getByRole('table', { name: 'Threads of berlin-2 that do not end' }).getByRole('row');
      assert.match((await row.nth(1).textContent()) ?? '', /^stuck \(cpu\).*2 m/);
    });

    test('keep the view and the number of failed tasks in the title', async (t) => {
      const { edge } = stage();
      const runner = new Consumer(edge, 'title-runner', 'titled');
      await edge.submitReady({ type: 'titled' });
      await runner.fail(await runner.claimOne(), 'It broke');
      const page = await stage().livePage(t, '#/types');
      await waitFor(
        'the title',
        async () => /^\(\d+ failed\) Types · Task queue$/.test(await page.title()) || undefined,
      );
    });
  });
}

async function numberIn(page: Page, name: string): Promise<number> {
  const text = await figure(page, name).locator('.value').innerText();
  return Number(text.replaceAll(',', ''));
}
