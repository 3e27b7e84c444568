import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { Stage } from './harness.ts';

const focused = (page: Page, selector: string) => page.locator(`${selector}:focus`).waitFor();
const background = (page: Page) =>
  page.evaluate('getComputedStyle(document.documentElement).backgroundColor');

/** Tests of the keyboard and of the theme. */
export function keyboardTests(stage: () => Stage): void {
  describe('the keyboard', () => {
    test('reaches the content, the filter, the rows of a list and the list of keys', async (t) => {
      await stage().edge.submitManyReady('keyed', 3);
      const page = await stage().livePage(t);
      await page.keyboard.press('Tab');
      await focused(page, '.skip');
      await page.keyboard.press('Enter');
      await focused(page, 'main');

      await page.keyboard.press('/');
      await focused(page, '[data-filter]');
      await page.keyboard.type('keyed');
      await page.keyboard.press('Enter');
      await page.waitForURL('**/#/tasks?type=keyed');
      await page.getByText('3 tasks, newest first').waitFor();
      await page.locator('[data-filter]').blur();
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('k');
      const second = page.locator('[data-row]').nth(1);
      const id = await page.locator('[data-row]:focus').innerText();
      assert.equal(id, await second.innerText());
      await page.keyboard.press('Enter');
      await page.waitForURL(`**/#/tasks/${id}`);

      await page.keyboard.press('?');
      const keys = page.getByRole('dialog', { name: 'Keyboard' });
      await keys.getByText('Go to the filter').waitFor();
      await page.keyboard.press('Escape');
      await keys.waitFor({ state: 'hidden' });
    });

    test('opens and closes a dialog, and the focus returns to where it was', async (t) => {
      const page = await stage().livePage(t);
      await page.getByRole('button', { name: 'New task' }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog', { name: 'New task' }).waitFor();
      await page.keyboard.type('n?/');
      assert.equal(await page.getByRole('dialog').getByLabel('Type').inputValue(), 'n?/');
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
      await focused(page, '.new-task');
      await page.keyboard.press('n');
      assert.equal(await page.getByRole('dialog').getByLabel('Type').inputValue(), 'n?/');
      await page.getByRole('button', { name: 'Discard' }).click();
      await page.keyboard.press('n');
      assert.equal(await page.getByRole('dialog').getByLabel('Type').inputValue(), '');
    });
  });

  test('a chosen theme is remembered, and Auto follows the system again', async (t) => {
    const page = await stage().livePage(t, '', { colorScheme: 'light' });
    const light = await background(page);
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('group', { name: 'Theme' }).getByLabel('Dark').check();
    const dark = await background(page);
    assert.notEqual(dark, light);
    await page.reload();
    assert.equal(await background(page), dark);
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('group', { name: 'Theme' }).getByLabel('Auto').check();
    assert.equal(await background(page), light);
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.equal(await background(page), dark);
  });
}
