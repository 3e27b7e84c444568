import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');

for (const name of ['client', 'runner', 'edge']) {
  test(`the package ${name} is not packed before it is built`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'task-queue-prepack-'));
    t.after(() => rm(folder, { recursive: true }));
    for (const path of [`${name}/package.json`, 'runner/scripts/prepack.mjs']) {
      await cp(join(ROOT, path), join(folder, path));
    }
    const cwd = join(folder, name);
    await assert.rejects(promisify(execFile)('npm', ['pack'], { cwd }), {
      stderr: new RegExp(
        `^@edge-task-queue/${name} is not built \\(there is no \\./dist/.*\\): run \`npm ci\` `,
        'm',
      ),
    });
    assert.ok(!(await readdir(cwd)).some((file) => file.endsWith('.tgz')));
  });
}
