import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { z } from 'zod';
import { testHarness } from '../../../testing/harness.ts';

const Rows = z.object({ read: z.int(), written: z.int() });
const LifeRows = z.object({ insert: Rows, claim: Rows, settle: Rows, remove: Rows });

const harness = testHarness({
  root: import.meta.dirname,
  workers: [
    {
      config: {
        name: 'rows-written',
        main: join(import.meta.dirname, 'rows-written.fixture.ts'),
        compatibility_date: '2026-10-20',
        durable_objects: { bindings: [{ name: 'LEDGER', class_name: 'CountingLedger' }] },
        migrations: [{ tag: 'v1', new_sqlite_classes: ['CountingLedger'] }],
      },
    },
  ],
});

async function get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> {
  const response = await harness.fetch(path);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return schema.parse(JSON.parse(text));
}

/** Returns the rows written in the whole life of a task, and prints the rows of each step. */
async function writtenPerTask(t: TestContext, tasks: number, size: number): Promise<number> {
  const life = await get(`/life?tasks=${tasks}&size=${size}`, LifeRows);
  const parts = Object.entries(life).map(([step, rows]) => `${step} ${(rows.written / tasks).toFixed(2)}`);
  const total = Object.values(life).reduce((sum, rows) => sum + rows.written, 0) / tasks;
  t.diagnostic(`Claimed by ${size}: ${total.toFixed(2)} rows written a task (${parts.join(', ')})`);
  return total;
}

describe('rows written', () => {
  before(async () => {
    await harness.listen();
  });
  after(() => harness.close());

  test('a task in claims of 100 writes at most 6 rows in its life, including its deletion', async (t) => {
    assert.ok((await writtenPerTask(t, 1000, 100)) <= 6);
  });

  test('a task that is claimed alone also writes a lease and the counts', async (t) => {
    assert.ok((await writtenPerTask(t, 200, 1)) <= 12.1);
  });

  test('a claim of 100 reads only its own tasks, not those of other types or of later times', async (t) => {
    const few = await get('/claim?others=1000', Rows);
    const many = await get('/claim?others=20000', Rows);
    t.diagnostic(`Among 2,000 others ${few.read} rows read, among 40,000 ${many.read}`);
    assert.ok(many.read <= few.read + 10);
    assert.ok(many.read <= 2000);
  });
});
