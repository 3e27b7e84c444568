import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { Schedule } from '../../contract/schedule.ts';
import { read } from '../../testing/caller.ts';
import { expectAccessible, expectNoSidewaysScroll, expectRoomForFingers } from './assertions.ts';
import type { Stage } from './harness.ts';

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true } as const;

const row = (page: Page, name: string) =>
  page.getByRole('row').filter({ has: page.getByRole('rowheader', { name }) });

/** Tests of the view of schedules. */
export function scheduleTests(stage: () => Stage): void {
  const put = async (name: string, settings: object): Promise<void> => {
    read(await stage().edge.api.call(`/schedules/${name}`, { method: 'PUT', body: settings }), Schedule);
  };

  describe('schedules', () => {
    test('can be created, read, run, paused, resumed, changed and deleted', async (t) => {
      const page = await stage().livePage(t, '#/schedules');
      await page.getByRole('button', { name: 'New schedule' }).first().click();
      const dialog = page.getByRole('dialog', { name: 'New schedule' });
      await dialog.getByLabel('Name').fill('nightly');
      const settings = dialog.getByLabel('Settings');
      await settings.fill('{ "type": "browsed", }');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.getByText(/^Line 1, column \d+: /).waitFor();
      await settings.fill('{ "type": "browsed", "cron": "61 * * * *" }');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.getByText('The minute "61" is not valid').waitFor();
      await settings.fill('{ "type": "browsed", "cron": "0 3 * * *", "timezone": "Asia/Tokyo" }');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await page.getByText('nightly is set').waitFor();

      const nightly = row(page, 'nightly');
      await nightly.getByText('At 03:00').waitFor();
      await nightly.getByText('Asia/Tokyo').waitFor();
      await nightly.getByRole('button', { name: 'Next times of nightly' }).click();
      const times = page.getByRole('table', { name: 'The next times of nightly' });
      await times
        .getByText(/, 03:00:00$/)
        .first()
        .waitFor();
      assert.equal(await times.getByRole('row').count(), 11);

      await page.getByRole('button', { name: 'Run now: nightly' }).click();
      await nightly.getByText('Pending').waitFor();
      await page.getByRole('button', { name: 'Pause nightly' }).click();
      await nightly.getByText('Paused', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Resume nightly' }).click();
      await nightly.getByText('Paused', { exact: true }).waitFor({ state: 'detached' });

      await page.getByRole('button', { name: 'Edit nightly' }).click();
      const edit = page.getByRole('dialog', { name: 'Edit nightly' });
      await edit.getByLabel('Settings').fill('{ "type": "browsed", "everySeconds": 7200 }');
      await edit.getByRole('button', { name: 'Save' }).click();
      await nightly.getByText('Every 2 hours').waitFor();

      await nightly.getByRole('link', { name: 'nightly', exact: true }).click();
      await page.waitForURL('**/#/tasks?schedule=nightly');
      await page.locator('[data-row]').first().waitFor();
      await page.goBack();
      await page.getByRole('button', { name: 'Delete nightly' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await page.getByText('nightly is deleted').waitFor();
      await page.getByRole('heading', { name: 'No schedule yet' }).waitFor();
    });

    for (const colorScheme of ['light', 'dark'] as const) {
      test(`are accessible and fit a phone, ${colorScheme}`, async (t) => {
        await put('on-a-phone', { type: 'browsed', cron: '*/5 * * * *', timezone: 'Europe/Berlin' });
        await put('paused', { type: 'browsed', everySeconds: 90 });
        await stage().edge.api.post('/schedules/paused/pause', {});
        for (const options of [PHONE, {}]) {
          const page = await stage().livePage(t, '#/schedules', { ...options, colorScheme });
          await page.getByRole('button', { name: 'Next times of on-a-phone' }).click();
          await page.getByRole('table', { name: 'The next times of on-a-phone' }).waitFor();
          await expectAccessible(page, `the schedules, ${colorScheme}`);
          await expectNoSidewaysScroll(page, `the schedules, ${colorScheme}`);
          if ('hasTouch' in options) await expectRoomForFingers(page, 'the schedules');
        }
        for (const name of ['on-a-phone', 'paused']) {
          await stage().edge.api.call(`/schedules/${name}`, { method: 'DELETE' });
        }
      });
    }
  });
}
