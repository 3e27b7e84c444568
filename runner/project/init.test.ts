import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../tasks/testing/context.ts';
import { initProject } from './init.ts';

async function folderWith(t: TestContext, settings: object): Promise<string> {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'package.json'), JSON.stringify(settings));
  return folder;
}

test('a project keeps its scripts and gets the missing ones', async (t) => {
  const folder = await folderWith(t, { name: 'mine', scripts: { dev: 'mine', test: 'no test specified' } });
  await initProject(folder, () => {});
  const { type, scripts } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  assert.equal(type, 'module');
  assert.equal(scripts.dev, 'mine');
  assert.match(scripts.test, /node --test/);
});

test('init does not change the folder of edge-task-queue', async (t) => {
  const folder = await folderWith(t, { name: 'edge-task-queue' });
  await assert.rejects(initProject(folder), /in your own project/);
  assert.equal(await readFile(join(folder, 'package.json'), 'utf8'), '{"name":"edge-task-queue"}');
});
