import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { expectAccessible } from './assertions.ts';
import { isLive, type Stage } from './harness.ts';

const RUNNER_TOKENS = 'runner';

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('API token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

async function submit(page: Page, type: string): Promise<void> {
  await page.getByRole('button', { name: 'New task' }).click();
  await page.getByRole('dialog').getByLabel('Type').fill(type);
  await page.getByRole('button', { name: 'Submit', exact: true }).click();
  await page.getByRole('link', { name: 'Show the task' }).click();
}

/** Tests of the sign-in. From here on the edge requires tokens, and is restarted. */
export function signInTests(stage: () => Stage): void {
  describe('the sign-in', () => {
    test('is shown when the worker begins to require tokens', async (t) => {
      const page = await stage().livePage(t, '#/types');
      await stage().edge.update({ API_TOKENS: 'right,second', RUNNER_TOKENS });
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      assert.equal(await page.title(), 'Sign in · Task queue');
      await page.getByText('API_TOKENS').first().waitFor();
      await page.getByText('npm run deploy -- --set-tokens client').waitFor();
      await expectAccessible(page, 'the sign-in');
      assert.equal(await page.getByRole('alert').innerText(), '');
      await signIn(page, 'right');
      await isLive(page);
      await page.getByRole('heading', { level: 1, name: 'Types' }).waitFor();
    });

    test('explains why a token is refused, and keeps a valid one for the tab', async (t) => {
      const person = await stage().person(t);
      const page = await stage().visit(t, person);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('alert').getByText('Enter a token').waitFor();
      await signIn(page, 'wrong');
      await page.getByRole('alert').getByText('This token is not valid').waitFor();
      await signIn(page, 'runner');
      await page.getByRole('alert').getByText('This call takes a token of API_TOKENS').waitFor();
      await signIn(page, 'right');
      await isLive(page);
      await page.reload();
      await isLive(page);
      const other = await stage().visit(t, person);
      await other.getByRole('heading', { name: 'Sign in' }).waitFor();
    });

    test('is kept permanently if the person wishes, until they sign out', async (t) => {
      const person = await stage().person(t);
      const page = await stage().visit(t, person);
      await page.getByLabel('Keep me signed in').check();
      await signIn(page, 'right');
      await isLive(page);
      const other = await stage().visit(t, person, '#/types');
      await isLive(other);
      await other.getByRole('button', { name: 'Menu' }).click();
      await other.getByRole('button', { name: 'Sign out' }).click();
      await other.getByRole('heading', { name: 'Sign in' }).waitFor();
      await other.reload();
      await other.getByRole('heading', { name: 'Sign in' }).waitFor();
    });

    test('survives a restart of the edge, unless the token was removed', async (t) => {
      const [staying, leaving] = [await stage().page(t, '#/types', {}), await stage().page(t, '#/tasks', {})];
      await signIn(staying, 'right');
      await signIn(leaving, 'second');
      await isLive(staying);
      await isLive(leaving);
      await stage().edge.update({ API_TOKENS: 'right', RUNNER_TOKENS });
      await leaving.getByRole('alert').getByText('This token is not valid').waitFor();
      await signIn(leaving, 'right');
      await submit(leaving, 'after-restart');
      await staying.getByRole('row').filter({ hasText: 'after-restart' }).waitFor();
      await leaving.getByRole('main').getByText('Pending').waitFor();
      await leaving.getByRole('main').getByRole('button', { name: 'Cancel' }).click();
      await leaving.getByRole('main').getByText('Cancelled', { exact: true }).waitFor();
    });

    test('of a worker without client tokens explains how to set them', async (t) => {
      const page = await stage().page(t, '', {});
      const sentence = 'This worker has no token yet: set the secret API_TOKENS';
      await page.route('**/tickets', (route) =>
        route.fulfill({ status: 503, json: { error: sentence, code: 'not_configured' } }),
      );
      await page.reload();
      await page.getByRole('heading', { name: 'Not configured yet' }).waitFor();
      await page.getByText(sentence).waitFor();
      await page.unroute('**/tickets');
      await page.getByRole('button', { name: 'Check again' }).click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    });
  });
}
