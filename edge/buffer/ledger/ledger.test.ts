import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ledger } from './ledger.ts';
import { openSqlite } from './store/sqlite.ts';
import { recording, SECOND, START, TestLedger, testLedger } from './testing.ts';

test('an empty ledger needs no tick, and a tick changes nothing', (t) => {
  const bed = testLedger(t);
  assert.equal(bed.ledger.nextTickAt(), null);
  bed.ledger.tick();
  assert.equal(bed.ledger.nextTickAt(), null);
});

test('a ledger that is opened again from its file has all its data', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'ledger.sqlite');

  const sql = openSqlite(path);
  const before = new TestLedger(sql);
  const done = before.held();
  before.succeed(done.id, done.leaseId, '"result"');
  const waiting = before.held();
  const waits = before.fail(waiting.id, waiting.leaseId);
  const running = before.held();
  const progress = [{ taskId: running.id, value: '0.5' }];
  before.ledger.heartbeat([{ leaseId: running.leaseId, holds: [running.id], progress }]);
  const ready = before.add({ type: 'b' });
  const ids = [done.id, waiting.id, running.id, ready];
  const rows = ids.map((id) => before.row(id));
  sql.close();

  const reopened = openSqlite(path);
  t.after(() => reopened.close());
  const after = new TestLedger(reopened);
  assert.deepEqual(
    ids.map((id) => after.row(id)),
    rows,
  );
  assert.equal(after.ledger.nextTickAt(), waits.runAt);
  assert.deepEqual(after.claim(['a'], { leaseId: running.leaseId }).ids, [running.id]);
  assert.deepEqual(after.claim(['b'], { leaseId: done.leaseId }).ids, []);
  assert.deepEqual(after.fail(waiting.id, waiting.leaseId), waits);
  assert.equal(after.succeed(running.id, running.leaseId).state, 'completed');
});

test('every call that changes data runs in one transaction and reads the clock once', (t) => {
  const bed = testLedger(t);
  let transactions = 0;
  let readings = 0;
  const sql = {
    exec: bed.sql.exec,
    transaction<Result>(body: () => Result): Result {
      transactions++;
      return bed.sql.transaction(body);
    },
  };
  const now = () => START + readings++;
  const ledger = new Ledger(sql, { now, random: () => 0.5 });
  const [one, other] = [bed.task(), bed.task()];
  const leaseId = '01890a5d-ac96-4b4e-8f7a-2d1f3c5b7a99';
  const calls = [
    () => ledger.insert([one, other]),
    () => ledger.claim({ leaseId, runner: 'r', leaseSeconds: 1, wants: [{ types: ['a'], limit: 1 }] }),
    () => ledger.claimOne(other.id),
    () => ledger.heartbeat([{ leaseId, holds: [one.id] }]),
    () => ledger.settle([{ taskId: one.id, leaseId, success: true }]),
    () => ledger.settleUnfenced({ taskId: other.id, success: true }),
    () => ledger.release(leaseId, [one.id]),
    () => ledger.tick(),
  ];
  for (const call of calls) {
    transactions = 0;
    readings = 0;
    call();
    assert.deepEqual([transactions, readings], [1, 1], String(call));
  }
});

test('no call scans all tasks or sorts rows that an index has sorted', (t) => {
  const sql = openSqlite();
  t.after(() => sql.close());
  const recorded = recording(sql);
  const bed = new TestLedger(recorded);
  const types = ['a', 'b', 'c'];
  for (const type of types) bed.addMany(300, { type });
  bed.addMany(300, { runAt: START + SECOND });
  bed.addMany(300, { runAt: START + 9000 * SECOND });
  const one = bed.add({ type: 'one' });
  recorded.statements.length = 0;

  bed.now += SECOND;
  const { ids, leaseId } = bed.claim(types, { limit: 100 });
  bed.claim(types, { leaseId });
  bed.ledger.claimOne(one);
  bed.ledger.settleUnfenced({ taskId: one, success: true });
  bed.ledger.heartbeat([{ leaseId, holds: ids.slice(1) }]);
  bed.ledger.release(leaseId, ids.slice(1, 3));
  bed.ledger.settle(ids.slice(3).map((taskId) => ({ taskId, leaseId, success: true })));
  bed.ledger.ready(100);
  bed.ledger.listActive(100);
  bed.ledger.list({ limit: 100, type: 'c' });
  bed.ledger.nextTickAt();
  bed.now += 60 * SECOND;
  bed.ledger.tick();

  for (const { query, params } of recorded.statements) {
    // This runs every ten minutes. An index for it would cost every claim another written row.
    if (query.startsWith('DELETE FROM leases')) continue;
    const plan = sql.exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, ...params);
    for (const { detail } of plan) {
      assert.doesNotMatch(detail, /^SCAN (tasks|leases)( USING .*tasks_ready)?$/, query);
      assert.doesNotMatch(detail, /TEMP B-TREE FOR (LAST .* OF )?ORDER BY/, query);
    }
  }
});

test('a claim of 100 tasks stays fast among 200,000 tasks of other types and of later times', (t) => {
  const bed = testLedger(t);
  for (let part = 0; part < 10; part++) {
    bed.addMany(10_000, { type: `foreign-${part}`, priority: 100 });
    bed.addMany(10_000, { type: 'a', priority: 100, runAt: START + 3600 * SECOND });
  }
  const types = ['a', 'b', 'c', 'd', 'e'];
  for (const type of types) bed.addMany(100, { type });

  const started = performance.now();
  assert.equal(bed.claim(types, { limit: 100 }).ids.length, 100);
  const ms = performance.now() - started;
  t.diagnostic(`${ms.toFixed(1)} ms`);
  assert.ok(ms < 250, `It took ${ms.toFixed(0)} ms`);
});
