import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Stage } from './harness.ts';

const AFTER_CARET = 'document.activeElement.value.slice(document.activeElement.selectionStart)';

/** Tests of the form of a new task. */
export function submitTests(stage: () => Stage): void {
  describe('a new task', () => {
    test('whose payload is not JSON shows the position of the fault and goes there', async (t) => {
      const page = await stage().livePage(t);
      await page.getByRole('button', { name: 'New task' }).click();
      const form = page.getByRole('dialog', { name: 'New task' });
      const payload = form.getByLabel('Payload, as JSON');
      await payload.fill('{\n  "to": "a@example.com",\n  "copies": [1, 2\n}');
      await form.getByLabel('Priority').focus();
      await form.getByText('Line 4, column 1: expected a comma or a closing bracket').waitFor();
      await form.getByRole('button', { name: 'Go to line 4, column 1' }).click();
      await form.locator('textarea:focus').waitFor();
      assert.equal(await page.evaluate(AFTER_CARET), '}');
      assert.equal(await payload.getAttribute('aria-invalid'), 'true');
      await payload.fill('{"copies":[1,2]}');
      await form.getByText(/^Line/).waitFor({ state: 'hidden' });
      await form.getByRole('button', { name: 'Format' }).click();
      assert.equal(await payload.inputValue(), '{\n  "copies": [\n    1,\n    2\n  ]\n}');
    });

    test('is checked by the server, whose issues are shown at their fields', async (t) => {
      const page = await stage().livePage(t);
      await page.keyboard.press('n');
      const form = page.getByRole('dialog', { name: 'New task' });
      await form.getByRole('button', { name: 'Submit', exact: true }).click();
      await form.getByText('Enter the name of a task type').waitFor();
      await form.getByLabel('Type').fill('two words');
      await form.getByLabel('Priority').fill('500');
      await form.getByLabel('Maximum attempts').fill('0');
      await form.getByLabel('Time limit').fill('soon');
      await form.getByRole('button', { name: 'Submit', exact: true }).click();
      await form.getByText('Expected a number, got “soon”').waitFor();
      await form.getByLabel('Time limit').fill('0');
      await form.getByRole('button', { name: 'Submit', exact: true }).click();
      for (const [label, issue] of [
        ['Type', 'Expected letters, digits and . _ : / - only'],
        ['Priority', '100'],
        ['Maximum attempts', '1'],
        ['Time limit', '0'],
      ] as const) {
        const field = form.locator('.field').filter({ has: page.getByLabel(label) });
        await field.locator('.issue').filter({ hasText: issue }).waitFor();
      }
      await form.locator('input[list]:focus').waitFor();
    });

    test('can have a delay or a start time, and can be followed by another one', async (t) => {
      const page = await stage().livePage(t);
      await page.keyboard.press('n');
      const form = page.getByRole('dialog');
      await form.getByLabel('Type').fill('planned');
      await form.getByLabel('After a delay').check();
      await form.getByLabel('Delay in seconds').fill('3600');
      await form.getByLabel('Delay in seconds').press('Control+Enter');
      await form.getByText('The task is accepted').waitFor();
      await form.getByRole('button', { name: 'Submit another' }).click();
      await form.getByLabel('At a time').check();
      const tomorrow = new Date(Date.now() + 86_400_000 - new Date().getTimezoneOffset() * 60_000);
      await form.getByLabel('Time, in your time zone').fill(tomorrow.toISOString().slice(0, 16));
      await form.getByRole('button', { name: 'Submit', exact: true }).click();
      await form.getByRole('link', { name: 'Show the task' }).click();
      await page.getByRole('main').getByText('Scheduled').waitFor();
      await page.getByText(/^in (23 h \d+ m|1 d)$/).waitFor();
    });
  });
}
