import { describe, test } from 'node:test';
import { isLive, type Stage } from './harness.ts';

/** Tests of the page without a connection. */
export function connectionTests(stage: () => Stage): void {
  describe('the connection', () => {
    test('is shown as offline without a network, and returns by itself', async (t) => {
      const person = await stage().person(t);
      const page = await stage().visit(t, person);
      await isLive(page);
      await person.setOffline(true);
      await page.getByRole('status', { name: 'Connection: Offline' }).waitFor();
      await page.getByText(/The worker cannot be reached. What you see is from \d\d:\d\d:\d\d/).waitFor();
      await page.getByRole('button', { name: 'Try now' }).click();
      await person.setOffline(false);
      await isLive(page);
      await page.getByText('The worker cannot be reached').waitFor({ state: 'hidden' });
    });
  });
}
