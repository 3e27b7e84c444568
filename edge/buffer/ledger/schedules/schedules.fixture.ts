import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { ScheduleRow } from '../../../contract/ledger/schedules.ts';
import type { ScheduleSettings } from '../../../contract/schedule.ts';
import { openSqlite } from '../store/sqlite.ts';
import { MINUTE, START, TestLedger } from '../testing.ts';

export const HOURLY = { type: 'a', cron: '0 * * * *' } as const;

/** A ledger whose schedules are tested. The schedule is named `s` unless a test says otherwise. */
export class ScheduleLedger extends TestLedger {
  put({ payload, ...settings }: ScheduleSettings, name = 's'): ScheduleRow {
    const text = payload === undefined ? null : JSON.stringify(payload);
    const answer = this.ledger.schedules.put(name, JSON.stringify(settings), text);
    assert.ok('schedule' in answer);
    return answer.schedule;
  }

  /** Lets time pass: the alarm rings whenever it is due. */
  passTo(until: number): void {
    for (let at = this.ledger.nextTickAt(); at !== null && at <= until; at = this.ledger.nextTickAt()) {
      this.now = Math.max(this.now, at);
      this.ledger.tick();
    }
    this.now = until;
  }

  /** The planned times of the runs that the ledger has, in minutes after START, oldest first. */
  runs(name = 's'): number[] {
    return this.ledger
      .list({ limit: 1000 })
      .tasks.flatMap(({ id }) => this.row(id).schedule ?? [])
      .filter((run) => run.name === name)
      .map((run) => (run.plannedAt - START) / MINUTE)
      .sort((a, b) => a - b);
  }

  schedule(name = 's'): ScheduleRow {
    const found = this.ledger.schedules.find(name);
    assert.ok('schedule' in found);
    return found.schedule;
  }

  /** The task of the last run. */
  get lastTask(): string {
    const { lastTaskId } = this.schedule();
    assert.ok(lastTaskId);
    return lastTaskId;
  }

  /** Runs the task of the last run to its end. */
  finishLast(): void {
    const { ids, leaseId } = this.claim(['a']);
    assert.ok(ids.includes(this.lastTask));
    for (const id of ids) this.succeed(id, leaseId);
  }
}

/** A new ledger in memory. It is closed when the test ends. */
export function scheduleLedger(t: TestContext): ScheduleLedger {
  const sql = openSqlite();
  t.after(() => sql.close());
  return new ScheduleLedger(sql);
}
