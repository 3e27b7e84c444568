import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { windowOf } from '../../../contract/task-id.ts';
import { Ledger } from '../ledger.ts';
import { HOUR, MINUTE, SECOND, TestLedger } from '../testing.ts';
import { isBackfilling, migrate, SCHEMA_VERSION } from './migrations.ts';
import type { Sql } from './sql.ts';
import { openSqlite } from './sqlite.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');
/**
 * Databases of released versions, as SQL. The first line contains the time of writing and the names of the
 * tasks.
 */
const RELEASES = readdirSync(FIXTURES).filter((name) => name.endsWith('.sql'));

interface Old {
  sql: Sql;
  /** Unix milliseconds. */
  writtenAt: number;
  /** Task ids by names that describe what happened to the tasks. */
  names: Record<string, string>;
}

function load(t: TestContext, release: string): Old {
  const sql = openSqlite();
  t.after(() => sql.close());
  const [head = '', ...statements] = readFileSync(join(FIXTURES, release), 'utf8').trim().split('\n');
  for (const statement of statements) sql.exec(statement);
  const [, writtenAt, names] = /at (\d+), its tasks by name: (\{.*\})$/.exec(head) ?? [];
  assert.ok(writtenAt && names, `The first line of ${release} does not contain its time and tasks`);
  return { sql, writtenAt: Number(writtenAt), names: JSON.parse(names) };
}

/** The database of a release, opened by the current version a second later. */
function upgraded(t: TestContext, release: string): { bed: TestLedger; id: (name: string) => string } {
  const { sql, writtenAt, names } = load(t, release);
  const bed = new TestLedger(sql);
  bed.now = writtenAt + SECOND;
  while (isBackfilling(sql)) bed.ledger.tick();
  return {
    bed,
    id: (name) => {
      const id = names[name];
      assert.ok(id, `No task of ${release} is named ${name}`);
      return id;
    },
  };
}

/** Tables and indexes with their columns, regardless of the SQL text that created them. */
function shape(sql: Sql) {
  return sql
    .exec<{ name: string; type: string }>(
      `SELECT name, type FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name`,
    )
    .map(({ name, type }) => ({
      name,
      type,
      columns: sql.exec('SELECT name, type, "notnull", pk FROM pragma_table_info(?) ORDER BY name', name),
    }));
}

for (const release of RELEASES) {
  describe(`a database of ${release.replace('.sql', '')}`, () => {
    test('gets the schema of a new database', (t) => {
      const fresh = openSqlite();
      t.after(() => fresh.close());
      migrate(fresh);
      const { bed } = upgraded(t, release);
      assert.deepEqual(shape(bed.sql), shape(fresh));
    });

    test('keeps every task unchanged', (t) => {
      const { bed, id } = upgraded(t, release);
      const names = ['completed', 'failed', 'cancelled', 'retrying', 'leased', 'leasedCancelled', 'single'];
      const waiting = ['ready', 'high', 'scheduled', 'large', 'text', 'paused'];
      assert.deepEqual(bed.states([...names, ...waiting].map(id)), [
        ...['completed', 'failed', 'cancelled', 'scheduled', 'leased', 'cancelled', 'leased'],
        ...['ready', 'ready', 'scheduled', 'ready', 'ready', 'ready'],
      ]);
      assert.equal(bed.row(id('completed')).result, '{"ok":true}');
      assert.equal(JSON.parse(bed.row(id('text')).payload ?? '').text, 'é'.repeat(1500));
      assert.ok('sealed' in bed.ledger.find(id('purged')));
    });

    test('lets runners that hold tasks continue: these tasks have started', (t) => {
      const { bed, id } = upgraded(t, release);
      const leaseId = '00000000-0000-4000-8000-000000000007';
      const holds = [id('leased'), id('leasedCancelled')];
      const { extended, cancelled, lost } = bed.ledger.heartbeat([{ leaseId, holds }]);
      assert.deepEqual([extended.length, cancelled, lost], [1, [id('leasedCancelled')], []]);
      assert.equal(bed.fail(id('leased'), leaseId).state, 'scheduled');
      assert.deepEqual([bed.row(id('leased')).attempt, bed.row(id('leased')).attempts.length], [1, 1]);
      assert.deepEqual(bed.ledger.settleUnfenced({ taskId: id('single'), success: true }), {
        settled: 'completed',
      });
    });

    test('uses the attempts of runners that are gone', (t) => {
      const { bed, id } = upgraded(t, release);
      bed.now += MINUTE;
      bed.ledger.tick();
      assert.deepEqual([bed.state(id('leased')), bed.row(id('leased')).attempt], ['scheduled', 1]);
    });

    test('grants waiting tasks in order, by the new rules', (t) => {
      const { bed, id } = upgraded(t, release);
      const { ids } = bed.claim(['a', 'paused', 'text'], { starts: 1, ahead: { a: 10, text: 1 } });
      assert.deepEqual(ids, [id('high'), id('ready'), id('text')]);
      assert.deepEqual([bed.row(id('high')).attempt, bed.row(id('ready')).attempt], [1, 0]);
    });

    test('continues with closed windows: each had one round of all its rows', (t) => {
      const { bed, id } = upgraded(t, release);
      bed.now += HOUR;
      assert.deepEqual(
        bed.ledger
          .openSeals(10)
          .map(({ window, round, archived, purgeable }) => [window, round, archived, purgeable]),
        [
          [windowOf(id('archived')), 1, true, true],
          [windowOf(id('sealed')), 0, false, false],
        ],
      );
      const page = bed.ledger.archivePage(windowOf(id('sealed')), 0, '', 1e6);
      assert.deepEqual(
        page?.tasks.map((task) => task.id),
        [id('sealed')],
      );
      bed.ledger.purge(windowOf(id('archived')));
      assert.deepEqual(bed.ledger.find(id('archived')), { sealed: true, rounds: 1 });
    });

    test('lists the windows whose tasks have ended', (t) => {
      const { bed, id } = upgraded(t, release);
      // A key of the window is reserved until 24 hours after the release's database was written.
      bed.now += 25 * HOUR;
      bed.ledger.tick();
      const windows = bed.ledger.closable({ default: 0, types: {} }, 10).map(({ window }) => window);
      assert.ok(windows.includes(windowOf(id('completed'))));
    });

    test('keeps its idempotency keys, and its tasks can be retried and cancelled', (t) => {
      const { bed, id } = upgraded(t, release);
      assert.deepEqual(bed.ledger.retry(id('failed')), { retried: true });
      assert.deepEqual(bed.ledger.cancel(id('scheduled')), { changed: true });
      assert.deepEqual(bed.ledger.retry(id('sealed')), { sealed: true });
      assert.deepEqual(bed.ledger.reserve('key-1', 'other hash', 'submission'), { conflict: true });
    });

    test('gives a key to the first token that repeats its request', (t) => {
      const { bed, id } = upgraded(t, release);
      const reserve = (key: string, fresh: string) => bed.ledger.reserve(key, 'hash', fresh, false, 'key-1');
      const first = { submission: id('ready').slice(0, 32), accepted: true, repeated: true };
      assert.deepEqual(reserve('of token a', 'fresh'), first);
      assert.deepEqual(reserve('of token a', 'fresh'), first);
      assert.deepEqual(reserve('of token b', 'fresh'), {
        submission: 'fresh',
        accepted: false,
        repeated: false,
      });
    });
  });
}

test('a database of a newer release is refused with an error', (t) => {
  const sql = openSqlite();
  t.after(() => sql.close());
  migrate(sql);
  sql.exec('UPDATE schema_version SET version = ?', SCHEMA_VERSION + 1);
  assert.throws(
    () => new Ledger(sql, { now: Date.now, random: Math.random }),
    /has schema version \d+, but this release supports versions up to \d+: deploy the release that wrote it/,
  );
});

test('an interrupted upgrade continues where it stopped', (t) => {
  const { sql } = load(t, RELEASES[0] ?? '');
  const dies: Sql = {
    exec: (query, ...params) => {
      if (query.includes('CREATE TABLE packs')) throw new Error('The process died');
      return sql.exec(query, ...params);
    },
    transaction: (body) => sql.transaction(body),
  };
  assert.throws(() => migrate(dies), /The process died/);
  migrate(sql);
  assert.equal(sql.exec('SELECT version FROM schema_version')[0]?.version, SCHEMA_VERSION);
});

test('a portion of an upgrade is repeated if the transaction of its call was rolled back', (t) => {
  const { sql } = load(t, RELEASES[0] ?? '');
  migrate(sql);
  let isFull = true;
  const disk: Sql = {
    exec: (query, ...params) => {
      if (isFull && query.includes('minutes')) throw new Error('The disk is full');
      return sql.exec(query, ...params);
    },
    transaction: (body) => sql.transaction(body),
  };
  const ledger = new Ledger(disk, { now: Date.now, random: Math.random });
  assert.ok(isBackfilling(sql));
  assert.throws(() => ledger.tick(), /The disk is full/);
  isFull = false;
  for (let calls = 0; isBackfilling(sql); calls += 1) {
    assert.ok(calls < 100, 'The backfill makes no progress');
    ledger.tick();
  }
});
