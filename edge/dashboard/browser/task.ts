import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { newSubmission, taskIdAt } from '../../contract/task-id.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { Consumer } from './consumer.ts';
import type { Stage } from './harness.ts';

/** Tests of the page of one task: its fields, its history and its buttons. */
export function taskTests(stage: () => Stage): void {
  describe('one task', () => {
    test('shows its attempts with their runners and errors, and can be retried', async (t) => {
      const { edge } = stage();
      const runner = new Consumer(edge, 'munich-2', 'flaky');
      const id = await edge.submitReady({
        type: 'flaky',
        maxAttempts: 2,
        backoff: { baseSeconds: 0 },
        priority: 7,
        timeoutSeconds: 90,
        tags: ['eu'],
      });
      await runner.fail(await runner.claimOne(), 'The first one broke', true);
      await runner.fail(await runner.claimOne(), 'The second one broke', true);
      const page = await stage().livePage(t, `#/tasks/${id}`);
      await page.getByRole('region', { name: 'Error' }).getByText('The second one broke').waitFor();
      const facts = await page.getByRole('region', { name: 'About the task' }).innerText();
      for (const fact of ['2 of 2', '7', '1 m 30 s', 'eu'])
        assert.ok(facts.includes(fact), `${fact} in ${facts}`);
      const timeline = page.getByRole('region', { name: 'Timeline' });
      await timeline.getByText('Attempt 1 failed').waitFor();
      await timeline.getByText('Attempt 2 failed').waitFor();
      await timeline.getByText('The first one broke').waitFor();
      assert.equal(await timeline.getByText('munich-2').count(), 2);
      await page.getByRole('main').getByRole('button', { name: 'Retry' }).click();
      await page.getByRole('main').getByText('Pending').waitFor();
      await runner.complete(await runner.claimOne(), { ok: true });
      await page.getByRole('main').getByText('Completed', { exact: true }).waitFor();
      assert.equal(await page.getByRole('region', { name: 'Error' }).count(), 0);
    });

    test('can be cancelled while it waits for its start time', async (t) => {
      const id = await stage().edge.submit({ type: 'later', delaySeconds: 3600 });
      const page = await stage().livePage(t, `#/tasks/${id}`);
      await page.getByRole('main').getByText('Scheduled').waitFor();
      await page.getByText(/^in (59 m \d+ s|1 h)$/).waitFor();
      await page.getByText('Waits for its start time').waitFor();
      await page.getByRole('main').getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('main').getByText('Cancelled', { exact: true }).waitFor();
    });

    test('folds a long payload and copies all of it', async (t) => {
      const payload = { rows: Array.from({ length: 300 }, (_, row) => ({ row })) };
      const id = await stage().edge.submitReady({ type: 'long', payload });
      const person = await stage().person(t, { permissions: ['clipboard-read', 'clipboard-write'] });
      const page = await stage().visit(t, person, `#/tasks/${id}`);
      const shown = page.getByRole('region', { name: 'Payload', exact: true });
      await shown.getByText('"rows"').waitFor();
      assert.ok(!(await shown.innerText()).includes('299'));
      await shown.getByRole('button', { name: 'Show all 904 lines' }).click();
      await shown.getByText('299').waitFor();
      await shown.getByRole('button', { name: 'Copy the payload' }).click();
      await shown.getByRole('button', { name: 'Copied the payload' }).waitFor();
      const copied: unknown = await page.evaluate('navigator.clipboard.readText()');
      assert.deepEqual(JSON.parse(String(copied)), payload);
    });

    test('that does not exist is reported, and so is a text that is not an id', async (t) => {
      const unknown = taskIdAt(newSubmission(Date.UTC(2026, 0, 1), 0, new Uint8Array(6)), 0);
      const page = await stage().livePage(t, `#/tasks/${unknown}`);
      await page.getByRole('heading', { name: 'No such task' }).waitFor();
      await page.getByText(`No task has the id ${unknown}`).waitFor();
      await page.goto(`${stage().url}/#/tasks/mistyped`);
      await page.getByText('Expected a task id as returned by a submission, got "mistyped"').waitFor();
      await page.getByRole('link', { name: 'All tasks' }).click();
      await page.waitForURL('**/#/tasks');
    });

    test('that is archived is marked, and can be submitted again instead of retried', async (t) => {
      const { edge } = stage();
      const runner = new Consumer(edge, 'old-runner', 'old');
      const id = await edge.submitReady({
        type: 'old',
        payload: { letter: 'a' },
        tags: ['eu', 'us'],
        priority: -5,
      });
      await runner.fail(await runner.claimOne(), 'It broke');
      const page = await stage().page(t);
      // A list does not contain archived tasks.
      await page.route(`**/tasks?id=${id}*`, (route) => route.fulfill({ json: { tasks: [], count: 0 } }));
      await page.goto(`${stage().url}/#/tasks/${id}`);
      await page.getByText('This task is archived').waitFor();
      assert.equal(await page.getByRole('main').getByRole('button', { name: 'Retry' }).count(), 0);
      await page.getByRole('button', { name: 'Submit again' }).click();
      const form = page.getByRole('dialog');
      assert.equal(await form.getByLabel('Tags').inputValue(), 'eu, us');
      assert.equal(await form.getByLabel('Priority').inputValue(), '-5');
      await form.getByRole('button', { name: 'Submit', exact: true }).click();
      await form.getByRole('link', { name: 'Show the task' }).click();
      await waitFor('the copy', async () => !page.url().endsWith(id) || undefined);
      await page.getByRole('main').getByText('Pending').waitFor();
    });
  });
}
