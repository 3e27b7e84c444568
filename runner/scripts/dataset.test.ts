import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import heavy from '../tasks/heavy.ts';
import { resultOf, temporaryFolder } from '../tasks/testing/context.ts';
import { ensureDataset, RELATION, writeDataset } from './dataset.ts';

async function hashOf(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

test('the dataset always has the same bytes, and no other file remains', async (t) => {
  const dataDir = await temporaryFolder(t);
  const { file, rows, bytes } = await writeDataset(dataDir);
  const first = await hashOf(file);
  assert.equal(await hashOf((await writeDataset(dataDir)).file), first);
  assert.deepEqual(await readdir(dataDir), ['large_dataset.csv']);
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  assert.equal(lines.length - 1, rows);
  assert.equal(bytes, Buffer.byteLength(`${lines.join('\n')}\n`));
});

test('ensureDataset writes the dataset if there is none', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'data');
  await ensureDataset(dataDir);
  assert.deepEqual(await readdir(dataDir), ['large_dataset.csv']);
});

test('ensureDataset keeps an existing dataset', async (t) => {
  const dataDir = await temporaryFolder(t);
  const file = join(dataDir, 'large_dataset.csv');
  await writeFile(file, 'mine');
  await ensureDataset(dataDir);
  assert.equal(await readFile(file, 'utf8'), 'mine');
});

test('a model finds the relation behind the dataset', async (t) => {
  const dataDir = await temporaryFolder(t);
  await writeDataset(dataDir);
  const payload = {
    operation: 'data_analysis',
    dataset: 'large_dataset.csv',
    parameters: { algorithm: 'machine_learning' },
  };
  const { rows, model } = z
    .object({
      rows: z.number(),
      model: z.object({ coefficients: z.record(z.string(), z.number()), r2: z.number(), rmse: z.number() }),
    })
    .parse(await resultOf(heavy, payload, { dataDir }));
  assert.equal(rows, 100_000);
  const { noise, ...coefficients } = RELATION;
  for (const [name, coefficient] of Object.entries(coefficients)) {
    assert.ok(Math.abs((model.coefficients[name] ?? 0) - coefficient) < 0.1, name);
  }
  assert.ok(Math.abs(model.rmse - noise) < 0.5);
  assert.ok(model.r2 > 0.9);
});
