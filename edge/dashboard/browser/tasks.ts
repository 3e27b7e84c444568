import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { waitFor } from '../../testing/wait-for.ts';
import { expectAccessible } from './assertions.ts';
import { Consumer } from './consumer.ts';
import type { Stage } from './harness.ts';

const rows = (page: Page) => page.locator('[data-row]');
const countsRows = (page: Page, count: number) =>
  waitFor(`${count} rows`, async () => (await rows(page).count()) === count || undefined).catch(
    async (error) => {
      throw new Error(`At ${page.url()}: ${await page.getByRole('main').innerText()}`, { cause: error });
    },
  );

/** Tests of the list: filters, pages, updates, and changes of one task or many. */
export function taskListTests(stage: () => Stage): void {
  describe('the list of tasks', () => {
    test('can be filtered by each field, and its address keeps the filter', async (t) => {
      const { edge } = stage();
      const old = await edge.submitReady({ type: 'filtered', tags: ['eu', 'nightly'] });
      const ids = await edge.submitManyReady('filtered', 2, { tags: ['us'] });
      const page = await stage().livePage(t, '#/tasks?type=filtered');
      await countsRows(page, 3);
      const search = page.getByRole('search');

      await search.getByLabel('Tag').fill('eu');
      await page.waitForURL('**/#/tasks?type=filtered&tag=eu');
      await countsRows(page, 1);
      await page.getByRole('link', { name: old }).waitFor();
      await search.getByLabel('Pending').check();
      await page.waitForURL('**/#/tasks?status=pending&type=filtered&tag=eu');
      await page.goBack();
      await page.waitForURL('**/#/tasks?type=filtered&tag=eu');
      await page.goBack();
      await countsRows(page, 3);
      assert.equal(await search.getByLabel('Tag').inputValue(), '');
      await page.goForward();
      await countsRows(page, 1);
      assert.equal(await search.getByLabel('Tag').inputValue(), 'eu');
      await search.getByLabel('Tag').fill('');
      await search.getByLabel('Id').fill(ids[0]?.slice(0, -4) ?? '');
      await countsRows(page, 2);

      await search.getByRole('button', { name: 'Clear' }).click();
      await page.waitForURL('**/#/tasks');
      await search.getByLabel('Type').fill('filtered');
      await search.getByLabel('Created after').fill('2099-01-01T00:00');
      await page.getByRole('heading', { name: 'No task matches' }).waitFor();
      await page.waitForURL(/createdAfter=20(98|99)-/);
      await search.getByLabel('Created after').fill('');
      await search.getByLabel('Created before').fill('2099-01-01T00:00');
      await countsRows(page, 3);
      await search.getByLabel('Completed').check();
      await page.getByRole('heading', { name: 'No task matches' }).waitFor();
      await page.reload();
      assert.ok(await search.getByLabel('Completed').isChecked());
    });

    test('explains what is wrong with a filter', async (t) => {
      const page = await stage().livePage(t, '#/tasks?id=xyz');
      await page.getByText('Expected a task id or its beginning').waitFor();
    });

    test('can be paged back and forth', async (t) => {
      const { edge } = stage();
      await edge.submitManyReady('paged', 120);
      const page = await stage().livePage(t, '#/tasks?type=paged');
      await countsRows(page, 50);
      const first = await rows(page).first().innerText();
      const pages = page.getByRole('navigation', { name: 'Pages' });
      await pages.getByRole('button', { name: 'Older' }).click();
      await page.waitForURL(/cursor=/);
      await pages.getByRole('button', { name: 'Older' }).click();
      await countsRows(page, 20);
      await pages.getByRole('button', { name: 'Newer' }).click();
      await countsRows(page, 50);
      assert.notEqual(await rows(page).first().innerText(), first);
      await pages.getByRole('button', { name: 'Newest' }).click();
      await page.getByRole('link', { name: first }).waitFor();
    });

    test('follows changes but moves no row while the pointer is on the rows', async (t) => {
      const { edge } = stage();
      const held = await edge.submitReady({ type: 'moving' });
      const page = await stage().livePage(t, '#/tasks?type=moving');
      await countsRows(page, 1);
      await edge.submit({ type: 'moving' });
      await countsRows(page, 2);
      await page.getByRole('link', { name: held }).hover();
      const runner = new Consumer(edge, 'moving-runner', 'moving');
      await runner.claim(1);
      await edge.submit({ type: 'moving' });
      const news = page.getByRole('button', { name: '1 new: show' });
      await news.waitFor();
      await page.getByRole('row').filter({ hasText: held }).getByText('Processing').waitFor();
      assert.equal(await rows(page).count(), 2);
      await news.click();
      await countsRows(page, 3);
    });

    test('cancels and retries a task from its row', async (t) => {
      const { edge } = stage();
      const id = await edge.submitReady({ type: 'switched' });
      const page = await stage().livePage(t, '#/tasks?type=switched');
      await page.getByRole('button', { name: `Cancel switched ${id}` }).click();
      await page.getByText('The task is cancelled').waitFor();
      await page.getByRole('button', { name: `Retry switched ${id}` }).click();
      await page.getByText('The task will run again').waitFor();
      await page.getByRole('button', { name: `Cancel switched ${id}` }).waitFor();
      await page
        .getByRole('status', { name: 'Messages' })
        .getByRole('link', { name: 'Show it' })
        .first()
        .click();
      await page.waitForURL(`**/#/tasks/${id}`);
    });

    test('retries and cancels all tasks that match a filter, after a confirmation', async (t) => {
      const { edge } = stage();
      t.after(() => edge.clear());
      await edge.submitManyReady('bulk', 750);
      await edge.submitManyReady('bulk', 750);
      const page = await stage().livePage(t, '#/tasks?status=pending&type=bulk');
      await page.getByRole('button', { name: 'Cancel all…' }).click();
      const dialog = page.getByRole('dialog', { name: 'Cancel all' });
      await dialog.getByText('pending tasks of the type bulk').waitFor();
      await expectAccessible(page, 'a question');
      await dialog.getByRole('button', { name: 'Go back' }).click();
      await dialog.waitFor({ state: 'hidden' });
      await page.getByRole('button', { name: 'Cancel all…' }).click();
      await dialog.getByRole('button', { name: 'Cancel 1,500 tasks' }).click();
      await dialog.getByText('1,500 tasks cancelled').waitFor();
      await dialog.getByRole('button', { name: 'Done' }).click();

      await page.getByRole('search').getByLabel('Cancelled').check();
      await page.getByRole('button', { name: 'Retry all…' }).click();
      const retry = page.getByRole('dialog', { name: 'Retry all' });
      await retry.getByRole('button', { name: 'Retry 1,500 tasks' }).click();
      await retry.getByText('1,500 tasks will run again').waitFor();
      await retry.getByRole('button', { name: 'Done' }).click();
      await page.getByRole('heading', { name: 'No task matches' }).waitFor();
    });
  });
}
