import { describe, test } from 'node:test';
import { expectNoSidewaysScroll } from './assertions.ts';
import type { Stage } from './harness.ts';

const NARROW = { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true };
/** A task of June 2023. */
const FAR = '01890a5d-ac96-7b4e-8f7a-2d1f3c5b7a99';
const VIEWS = ['#/', '#/tasks', '#/types', '#/schedules', '#/runners'];

/** Tests of the page while there is nothing to show. The queue must be empty. */
export function emptyTests(stage: () => Stage): void {
  test('every view of an empty queue explains that it is empty and what to do next', async (t) => {
    const page = await stage().livePage(t);
    await page.getByText('No task has ended in the last hour.').waitFor();
    await page.getByText('A type appears here with its first task.').waitFor();
    await page.getByText('No runner is connected').waitFor();
    const views = page.getByRole('navigation', { name: 'Views' });
    await views.getByRole('link', { name: 'Types' }).click();
    await page.getByRole('heading', { name: 'No type yet' }).waitFor();
    await views.getByRole('link', { name: 'Runners' }).click();
    await page.getByText('npm run runner').waitFor();
    await views.getByRole('link', { name: 'Tasks' }).click();
    await page.getByRole('heading', { name: 'No task yet' }).waitFor();
    await page.getByRole('main').getByRole('button', { name: 'New task' }).click();
    await page.getByRole('dialog', { name: 'New task' }).waitFor();
  });
}

/** Tests of the page while it waits for an answer, or after an error. */
export function stateTests(stage: () => Stage): void {
  describe('states', () => {
    test('a list that is loading shows placeholders, and a failed one offers to try again', async (t) => {
      const page = await stage().livePage(t);
      const { promise: refused, resolve: refuse } = Promise.withResolvers<void>();
      await page.route('**/tasks?*', async (route) => {
        await refused;
        await route.fulfill({
          status: 409,
          json: { error: 'The ledger is being looked after', code: 'task_not_available' },
        });
      });
      await page.getByRole('link', { name: 'Tasks', exact: true }).click();
      await page.locator('table[aria-busy=true] .skeleton').first().waitFor();
      refuse();
      await page.getByText('The ledger is being looked after').waitFor();
      await page.unroute('**/tasks?*');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.locator('[data-row]').first().waitFor();
    });

    test('a search continues by itself over answers without tasks, and shows that it is running', async (t) => {
      const { edge } = stage();
      const id = await edge.submitReady({ type: 'rare' });
      const page = await stage().livePage(t);
      const { promise: going, resolve: goOn } = Promise.withResolvers<void>();
      let calls = 0;
      await page.route('**/tasks?*', async (route) => {
        calls += 1;
        if (calls === 7) await going;
        // The real answer, without the invented cursor.
        if (calls >= 7)
          return route.continue({
            url: route
              .request()
              .url()
              .replace(/cursor=[^&]*/, ''),
          });
        return route.fulfill({ json: { tasks: [], count: 0, nextCursor: FAR } });
      });
      await page.goto(`${stage().url}/#/tasks?type=rare`);
      await page.getByText(/Nothing found .* created since 30 Jun.*; searching the older ones/).waitFor();
      await page.getByText('0 tasks found, searching…').waitFor();
      goOn();
      await page.getByRole('link', { name: id }).waitFor();
    });

    test('a search that stops at its limit offers to continue', async (t) => {
      const page = await stage().livePage(t);
      await page.route('**/tasks?*', (route) =>
        route.fulfill({ json: { tasks: [], count: 0, nextCursor: FAR } }),
      );
      await page.goto(`${stage().url}/#/tasks?tag=rare`);
      const goOn = page.getByRole('button', { name: 'Continue the search' });
      await goOn.waitFor();
      await page.getByText(/Nothing found among the tasks created since 30 Jun/).waitFor();
      await page.unroute('**/tasks?*');
      await goOn.click();
      await page.getByRole('heading', { name: 'No task matches' }).waitFor();
    });

    test('an unknown address offers a link to the overview', async (t) => {
      const page = await stage().livePage(t, '#/settings');
      await page.getByRole('link', { name: 'Go to the overview' }).click();
      await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    });

    test('no view is wider than a phone of 360 px', async (t) => {
      const page = await stage().livePage(t, '', NARROW);
      for (const hash of VIEWS) {
        await page.goto(`${stage().url}/${hash}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await expectNoSidewaysScroll(page, hash);
      }
    });
  });
}
