import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { waitFor } from '../../testing/wait-for.ts';
import { listProcesses } from './process-table.ts';
import { type Script, startScript } from './script.ts';

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`processes that a script has started end with it, after ${signal}`, async (t) => {
    const { script, idle } = await start(t);
    assert.equal(await script.stop(signal), signal === 'SIGTERM' ? 1 : null);
    await waitFor('the end of all', async () => (await listProcesses()).every(({ pid }) => pid !== idle));
  });
}

test('several calls of stopSoon signal a script once', async (t) => {
  const { script } = await start(t);
  assert.deepEqual(await Promise.all([script.stopSoon(), script.stopSoon()]), [1, 1]);
});

test('an abort during the start ends the script', async () => {
  const options = { readyLine: /never/, signal: AbortSignal.timeout(100) };
  await assert.rejects(
    startScript('edge/scripts/lib/testing/slow-end.ts', options),
    /ended before it was ready/,
  );
  const aborted = { signal: AbortSignal.abort() };
  await assert.rejects(startScript('edge/scripts/lib/testing/slow-end.ts', aborted), { name: 'AbortError' });
});

async function start(t: TestContext): Promise<{ script: Script; idle: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'task-queue-script-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'log');
  const script = await startScript('edge/scripts/lib/testing/slow-end.ts', { output: { file } });
  t.after(() => script.stop('SIGKILL'));
  let idle: string | undefined;
  await waitFor('its process', async () => {
    idle = /idle: (\d+)/.exec(await readFile(file, 'utf8'))?.[1];
    return idle !== undefined;
  });
  return { script, idle: Number(idle) };
}
