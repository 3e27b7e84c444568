import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { NonRetryableError } from '../../task.ts';
import { temporaryFolder } from '../testing/context.ts';
import { existingDataFile, writeDataFile } from './data-file.ts';

/** A data folder and, next to it, a file that no payload may reach. */
async function folders(test: TestContext) {
  const root = await realpath(await temporaryFolder(test));
  const [dataDir, beside] = [join(root, 'data'), join(root, 'beside')];
  await Promise.all([mkdir(join(dataDir, 'inner'), { recursive: true }), mkdir(beside)]);
  await writeFile(join(beside, 'secret'), 'secret');
  return { dataDir, beside };
}

const content = Buffer.from('new');
const NEW = { overwrite: false };
const REPLACE = { overwrite: true };
const outside = { name: 'NonRetryableError', message: /leads outside the data folder/ };

test('a file in the data folder is found, even through a link within the folder', async (t) => {
  const { dataDir } = await folders(t);
  await writeFile(join(dataDir, 'inner', 'a.csv'), 'a');
  await symlink(join('inner', 'a.csv'), join(dataDir, 'link.csv'));
  const file = join(dataDir, 'inner', 'a.csv');
  assert.equal(await existingDataFile(dataDir, 'inner/a.csv', ''), file);
  assert.equal(await existingDataFile(dataDir, 'link.csv', ''), file);
});

test('a path that leads outside the data folder is neither read nor written', async (t) => {
  const { dataDir, beside } = await folders(t);
  await symlink(beside, join(dataDir, 'link'));
  await symlink(join(beside, 'secret'), join(dataDir, 'secret'));
  for (const name of [
    '../beside/secret',
    'inner/../../beside/secret',
    join(beside, 'secret'),
    'link/secret',
    'inner\\..\\..\\beside\\secret',
    'inner/a\0',
    '.',
  ]) {
    await assert.rejects(existingDataFile(dataDir, name, ''), outside);
    await assert.rejects(writeDataFile(dataDir, name, content, NEW), outside);
  }
  await assert.rejects(existingDataFile(dataDir, 'secret', ''), outside);
  await assert.rejects(writeDataFile(dataDir, 'link/new/folder/file', content, NEW), outside);
  await symlink(join(beside, 'none'), join(dataDir, 'dangling'));
  await assert.rejects(writeDataFile(dataDir, 'dangling/file', content, NEW));
  assert.deepEqual(await readdir(beside), ['secret']);
  assert.equal(await readFile(join(beside, 'secret'), 'utf8'), 'secret');
});

test('writing over a link that leads outside replaces the link', async (t) => {
  const { dataDir, beside } = await folders(t);
  await symlink(join(beside, 'secret'), join(dataDir, 'link'));
  await writeDataFile(dataDir, 'link', content, REPLACE);
  assert.equal(await readFile(join(beside, 'secret'), 'utf8'), 'secret');
  assert.equal(await readFile(join(dataDir, 'link'), 'utf8'), 'new');
});

test('the error for a missing file contains its name and the hint', async (t) => {
  const { dataDir } = await folders(t);
  await assert.rejects(
    existingDataFile(dataDir, 'none.csv', 'Make it.'),
    new NonRetryableError('There is no `none.csv` in the data folder. Make it.'),
  );
  await assert.rejects(existingDataFile(join(dataDir, 'none'), 'a', 'Make it.'), NonRetryableError);
});

test('a folder is refused because it is not a file', async (t) => {
  const { dataDir } = await folders(t);
  await assert.rejects(
    existingDataFile(dataDir, 'inner', ''),
    new NonRetryableError('`inner` is not a file.'),
  );
});

test('a write creates the missing folders and leaves no other files', async (t) => {
  const { dataDir } = await folders(t);
  await writeDataFile(dataDir, 'made/for/it.png', content, NEW);
  assert.deepEqual(await readdir(join(dataDir, 'made', 'for')), ['it.png']);
});

test('a write creates the data folder if it is missing', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  await writeDataFile(dataDir, 'a', content, NEW);
  assert.deepEqual(await readdir(dataDir), ['a']);
});

test('an existing file is replaced only with `overwrite`', async (t) => {
  const { dataDir } = await folders(t);
  const file = join(dataDir, 'inner', 'a.png');
  await writeFile(file, 'old');
  await assert.rejects(
    writeDataFile(dataDir, 'inner/a.png', content, NEW),
    new NonRetryableError(
      '`inner/a.png` already exists in the data folder; name another file, or set `overwrite: true` to replace it.',
    ),
  );
  assert.equal(await readFile(file, 'utf8'), 'old');
  await writeDataFile(dataDir, 'inner/a.png', content, REPLACE);
  assert.equal(await readFile(file, 'utf8'), 'new');
  assert.deepEqual(await readdir(join(dataDir, 'inner')), ['a.png']);
});

test('a file with the same content counts as written', async (t) => {
  const { dataDir } = await folders(t);
  await writeDataFile(dataDir, 'a', content, NEW);
  await writeDataFile(dataDir, 'a', content, NEW);
  await assert.rejects(
    writeDataFile(dataDir, 'a', Buffer.from('neu'), NEW),
    /already exists in the data folder/,
  );
  assert.deepEqual((await readdir(dataDir)).sort(), ['a', 'inner']);
});

test('if two tasks write a file at the same time, one writes it and the other is refused', async (t) => {
  const { dataDir } = await folders(t);
  const writes = ['one', 'two'].map((text) => writeDataFile(dataDir, 'a', Buffer.from(text), NEW));
  const ends = await Promise.allSettled(writes);
  assert.deepEqual(ends.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  const written = ends[0]?.status === 'fulfilled' ? 'one' : 'two';
  assert.equal(await readFile(join(dataDir, 'a'), 'utf8'), written);
});

test('a link to a file with the same content does not count as written', async (t) => {
  const { dataDir, beside } = await folders(t);
  await symlink(join(beside, 'secret'), join(dataDir, 'link'));
  await assert.rejects(
    writeDataFile(dataDir, 'link', Buffer.from('secret'), NEW),
    /`link` already exists in the data folder/,
  );
});

test('an error of the file system contains advice and the file name from the payload', async (t) => {
  const { dataDir } = await folders(t);
  await writeFile(join(dataDir, 'file'), '');
  await symlink('circle', join(dataDir, 'circle'));
  const long = 'a'.repeat(300);
  const cannot = (what: string) => ({ name: 'NonRetryableError', message: `The runner cannot ${what}` });
  await assert.rejects(
    writeDataFile(dataDir, 'inner', content, REPLACE),
    cannot('write `inner` in the data folder (EISDIR): it is a folder; name a file.'),
  );
  await assert.rejects(
    writeDataFile(dataDir, 'file/a.png', content, NEW),
    cannot(
      'write `file/a.png` in the data folder (ENOTDIR): a part of its path is a file, not a folder; choose another path.',
    ),
  );
  const tooLong = `\`${long}\` in the data folder (ENAMETOOLONG): its name is too long; choose a shorter one.`;
  await assert.rejects(writeDataFile(dataDir, long, content, NEW), cannot(`write ${tooLong}`));
  await assert.rejects(existingDataFile(dataDir, long, ''), cannot(`read ${tooLong}`));
  await assert.rejects(
    existingDataFile(dataDir, 'circle', ''),
    cannot('read `circle` in the data folder (ELOOP): its links form a circle.'),
  );
});
