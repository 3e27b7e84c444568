import type {
  ClaimGrant,
  HeartbeatResult,
  LeaseBeat,
  LedgerClaim,
  SettleOutcome,
  SettleReport,
} from '../../../contract/ledger/leases.ts';
import type { CancelOutcome, NewTask, RetryOutcome } from '../../../contract/ledger/tasks.ts';
import { Ledger } from '../ledger.ts';
import type { Sql, SqlValue } from '../store/sql.ts';
import type { LedgerSources } from '../transactions.ts';
import type { MakeLedger } from './real.ts';

/**
 * Ledgers with one fault each. They show that the model and the simulation detect these faults. Most faults
 * rewrite one SQL statement before it reaches the database. If a fault is not in a statement, one call is
 * overridden.
 */
export interface Broken {
  /** The fault. */
  name: string;
  make: MakeLedger;
  /** Whether the model detects it. */
  model: boolean;
  /** The first rule that the simulation finds broken; null if it does not detect the fault. */
  rule: string | null;
}

export const BROKEN: Broken[] = [
  rewritten('a start does not count the attempt', 'attempts', 'attempt = attempt + 1', 'attempt = attempt'),
  rewritten(
    'a claim uses the attempts of tasks that are read ahead',
    'attempts',
    "SET state = 'leased', lease_id = ?2, claimed_at = ?3",
    "SET attempt = attempt + 1, state = 'leased', lease_id = ?2, claimed_at = ?3",
  ),
  rewritten(
    'an expiry uses an attempt of a task that has not started',
    'attempts',
    'SET\n    lost_deliveries =',
    'SET attempt = attempt + 1, lost_deliveries =',
  ),
  rewritten(
    'a release keeps the attempt',
    'attempts',
    'attempt = attempt - (started_at IS NOT NULL)',
    'attempt = attempt',
  ),
  rewritten(
    'a release gives back an attempt that was not used',
    'attempts',
    'attempt = attempt - (started_at IS NOT NULL)',
    'attempt = attempt - 1',
  ),
  rewritten(
    'a report does not count the attempt of a task that was read ahead',
    'attempts',
    'attempt = attempt + (started_at IS NULL)',
    'attempt = attempt',
  ),
  rewritten(
    'lost deliveries are not counted',
    'deliveries',
    'lost_deliveries = coalesce(lost_deliveries, 0) + 1',
    'lost_deliveries = lost_deliveries',
  ),
  rewritten(
    'a start does not reset the lost deliveries',
    null,
    'lost_deliveries = NULL',
    'lost_deliveries = lost_deliveries',
  ),
  rewritten(
    'the id of a released lease can be used again',
    'one use',
    "VALUES (?1, '', 0, ?2, ?2, '[]')",
    "SELECT ?1, '', 0, ?2, ?2, '[]' WHERE 0",
  ),
  rewritten('a retry keeps the attempts', 'attempts', 'attempt = 0', 'attempt = attempt'),
  rewritten(
    'completed tasks can be retried',
    'one outcome',
    "('failed', 'cancelled')",
    "('failed', 'completed')",
  ),
  rewritten(
    'a retry does not wait for the runner that holds the task',
    'one holder',
    "CASE WHEN claimed_at IS NULL THEN 'ready' ELSE 'scheduled' END",
    "'ready'",
  ),
  rewritten(
    'a held task becomes ready when its time comes',
    'one holder',
    "state = 'scheduled' AND claimed_at IS NULL",
    "state = 'scheduled'",
  ),
  rewritten(
    'the newest task is claimed first',
    'order',
    'priority DESC, run_at, id LIMIT',
    'priority DESC, id DESC LIMIT',
  ),
  rewritten('priorities are ignored', 'order', 'priority DESC, run_at, id LIMIT', 'run_at, id LIMIT'),
  rewritten(
    'an expired lease is never taken back',
    'all end',
    'AND expires_at <= ?1',
    'AND expires_at <= ?1 AND 0',
  ),
  rewritten('a lease expires early', 'fencing', 'AND expires_at <= ?1', 'AND expires_at <= ?1 + 10000'),
  rewritten(
    'a heartbeat does not renew a lease',
    'fencing',
    'expires_at = max(expires_at, ?2)',
    'expires_at = max(expires_at, ?2 * 0)',
  ),
  rewritten(
    'an insert resets a known task',
    'one outcome',
    'DO NOTHING\n  RETURNING type, state',
    'DO UPDATE SET state = excluded.state\n  RETURNING type, state',
  ),
  rewritten(
    'a window is closed although one of its submissions could not be delivered',
    null,
    "step = 'sweep' AND name >= ?1",
    "0 AND step = 'sweep' AND name >= ?1",
  ),
  rewritten(
    'a live task delays the archive of its window',
    'on time',
    'FROM ended_windows WHERE window > ?1',
    `FROM ended_windows WHERE window > ?1 AND NOT EXISTS (
       SELECT 1 FROM tasks WHERE completed_at IS NULL AND substr(id, 1, 8) = window)`,
  ),
  rewritten('a round takes tasks that a runner holds', null, '(tasks.claimed_at IS NULL AND', '('),
  rewritten(
    'a round takes tasks that have just ended',
    'frozen',
    'tasks.completed_at <= coalesce(',
    'tasks.completed_at * 0 <= coalesce(',
  ),
  rewritten(
    'a purge deletes live tasks',
    'nothing lost',
    ...purging('(tasks.claimed_at IS NULL AND tasks.completed_at <=', '(coalesce(tasks.completed_at, 0) <='),
  ),
  rewritten(
    'a purge deletes tasks that ended after the cutoff of the round',
    'nothing lost',
    ...purging(
      '(tasks.claimed_at IS NULL AND tasks.completed_at <=',
      '(tasks.claimed_at IS NULL AND tasks.completed_at * 0 <=',
    ),
  ),
  rewritten(
    'a purge forgets tasks that ended after its round was opened',
    'on time',
    'SELECT min(completed_at) AS since FROM tasks',
    'SELECT NULL AS since FROM tasks',
  ),
  rewritten(
    'a purge does not wait for the archive',
    null,
    'purged_at IS NULL AND archived_at <= ?2',
    'purged_at IS NULL AND (archived_at <= ?2 OR 1)',
  ),
  rewritten(
    'a task that is dropped while its window is archived joins the round',
    null,
    'completed_at = max(completed_at, coalesce((',
    'completed_at = max(completed_at, 0 * coalesce((',
  ),
  rewritten(
    'a failing round is retried in every run',
    null,
    "NOT EXISTS (SELECT 1 FROM failures WHERE step = 'archive'",
    "NOT EXISTS (SELECT 1 FROM failures WHERE 0 AND step = 'archive'",
  ),
  rewritten(
    'an ended lease is deleted early',
    'one use',
    'WHERE ended_at <= ?1',
    'WHERE ended_at <= ?1 + 3600000',
  ),
  rewritten('claimed tasks are not counted', null, 'leased = leased + excluded.leased', 'leased = leased'),
  rewritten(
    'tasks of a paused type are claimed',
    null,
    'SELECT type FROM paused_types',
    "SELECT 'none' AS type",
  ),
  rewritten('the settings of a type are ignored', null, "type_retry ->> 'maxAttempts'", 'NULL'),
  rewritten('a cancel removes the lease of the task', 'fencing', "next.value ->> 'claimedAt'", 'NULL'),
  rewritten('results are not stored', null, "next.value ->> 'result'", 'NULL'),
  rewritten(
    'a report deletes the lease of its task',
    'fencing',
    "lease_id = next.value ->> 'leaseId'",
    'lease_id = NULL',
  ),
  rewritten(
    'a run does not advance its schedule',
    'all run',
    'SET next_at = ?2, due_at = iif(?2 <= ?3, ?3, ?2)',
    'SET next_at = coalesce(next_at, ?2), due_at = iif(?2 <= ?3, ?3, ?2)',
  ),
  {
    ...rewritten(
      'a cancelled run that its runner has not dropped counts as ended',
      'no overlap',
      '(completed_at IS NULL OR claimed_at IS NOT NULL)',
      'completed_at IS NULL',
    ),
    model: false,
  },
  rewritten('a paused schedule runs', null, 'due_at <= ?1 AND paused_at IS NULL', 'due_at <= ?1'),
  rewritten(
    'the archive loses the payloads of runs',
    null,
    '(max_attempts = 0 OR schedule IS NOT NULL)',
    '(max_attempts = 0)',
  ),
  {
    name: 'the random number is always zero',
    make: (sql, { now }) => new Ledger(sql, { now, random: () => 0 }),
    ...{ model: true, rule: null },
  },
  {
    name: 'a transaction is half done after a crash',
    make: (sql, sources) => new Ledger({ exec: sql.exec, transaction: (body) => body() }, sources),
    ...{ model: false, rule: 'nothing lost' },
  },
  {
    name: 'a restart loses the last batch',
    make: (sql, sources) => {
      const ledger = new Ledger(sql, sources);
      sql.exec('DELETE FROM tasks WHERE attempt = 0 AND received_at = (SELECT max(received_at) FROM tasks)');
      return ledger;
    },
    ...{ model: true, rule: 'nothing lost' },
  },
  overridden('a result counts under any lease', 'fencing', (sql, sources) => new Unfenced(sql, sources)),
  overridden(
    'a task of an expired lease is granted while that lease still holds it',
    'one holder',
    (sql, sources) => new TwoHolders(sql, sources),
  ),
  overridden('a lease id may be used again', 'one use', (sql, sources) => new Reusing(sql, sources)),
  overridden(
    'the starts that a heartbeat reports are ignored',
    'starts',
    (sql, sources) => new Deaf(sql, sources),
  ),
  overridden('starts are granted out of order', 'starts', (sql, sources) => new OutOfOrder(sql, sources)),
  overridden('a heartbeat takes back no tasks', null, (sql, sources) => new Lenient(sql, sources)),
  overridden(
    'a heartbeat does not report cancelled tasks',
    'answers',
    (sql, sources) => new Silent(sql, sources),
  ),
  overridden('a cancel overrides an outcome', 'one outcome', (sql, sources) => new Overriding(sql, sources)),
  overridden(
    'a task is inserted into a closed window',
    'sealed',
    (sql, sources) => new Inserting(sql, sources),
  ),
  overridden(
    'a task is retried while it is being archived',
    'frozen',
    (sql, sources) => new Retrying(sql, sources),
  ),
];

/** The real ledger with a database wrapper that replaces `from` by `to` in statements. */
function rewritten(name: string, rule: string | null, from: string, to: string): Broken {
  const rewrite = (query: string) => query.replace(from, to);
  return { name, rule, model: true, make: (sql, sources) => new Ledger(through(sql, rewrite), sources) };
}

/** Replaces a part of the statement with which a purge deletes rows. */
function purging(from: string, to: string): [string, string] {
  const start =
    'DELETE FROM tasks\n  WHERE id > ?2 AND id <= ?3 AND EXISTS (SELECT 1 FROM seals WHERE seals.window = ?1 AND ';
  return [start + from, start + to];
}

function overridden(name: string, rule: string | null, make: MakeLedger): Broken {
  return { name, rule, model: true, make };
}

function through(sql: Sql, rewrite: (query: string) => string): Sql {
  return {
    exec: <Row extends Record<string, SqlValue>>(query: string, ...params: SqlValue[]) =>
      sql.exec<Row>(rewrite(query), ...params),
    transaction: (body) => sql.transaction(body),
  };
}

/** A ledger whose subclasses can also access the database directly. */
class Reaching extends Ledger {
  protected readonly sql: Sql;
  protected readonly sources: LedgerSources;

  constructor(sql: Sql, sources: LedgerSources) {
    super(sql, sources);
    this.sql = sql;
    this.sources = sources;
  }
}

class Unfenced extends Reaching {
  override settle(reports: readonly SettleReport[]): SettleOutcome[] {
    const holderOf = (taskId: string) =>
      this.sql.exec<{ lease_id: string | null }>('SELECT lease_id FROM tasks WHERE id = ?', taskId)[0]
        ?.lease_id;
    return super.settle(
      reports.map((report) => ({ ...report, leaseId: holderOf(report.taskId) ?? report.leaseId })),
    );
  }
}

class TwoHolders extends Reaching {
  constructor(sql: Sql, sources: LedgerSources) {
    super(
      through(sql, (query) => query.replace('AND expires_at <= ?1', 'AND expires_at <= ?1 AND 0')),
      sources,
    );
  }

  override claim(order: LedgerClaim): ClaimGrant {
    this.sql.exec(
      `UPDATE tasks SET state = 'ready' WHERE state = 'leased'
       AND lease_id IN (SELECT id FROM leases WHERE ended_at IS NULL AND expires_at < ?)`,
      this.sources.now(),
    );
    return super.claim(order);
  }
}

class Reusing extends Reaching {
  override claim(order: LedgerClaim): ClaimGrant {
    this.sql.exec('DELETE FROM leases WHERE id = ? AND ended_at IS NOT NULL', order.leaseId);
    return super.claim(order);
  }
}

class Deaf extends Reaching {
  override heartbeat(beats: readonly LeaseBeat[]): HeartbeatResult {
    return super.heartbeat(beats.map((beat) => ({ ...beat, started: [] })));
  }
}

/** Starts the last task of a grant instead of the first. */
class OutOfOrder extends Reaching {
  override claim(order: LedgerClaim): ClaimGrant {
    const grant = super.claim(order);
    const ends = JSON.stringify([grant.tasks.at(0)?.id, grant.tasks.at(-1)?.id]);
    const query = `
      SELECT id FROM tasks WHERE lease_id = ?1 AND claimed_at = ?2 AND id IN (SELECT value FROM json_each(?3))
      GROUP BY started_at IS NULL`;
    const different = this.sql.exec<{ id: string }>(query, order.leaseId, this.sources.now(), ends);
    if (different.length === 2) {
      this.sql.exec(
        `UPDATE tasks SET attempt = attempt + iif(started_at IS NULL, 1, -1),
           started_at = iif(started_at IS NULL, claimed_at, NULL)
         WHERE id IN (SELECT value FROM json_each(?))`,
        JSON.stringify(different.map((row) => row.id)),
      );
    }
    return grant;
  }
}

class Lenient extends Reaching {
  override heartbeat(beats: readonly LeaseBeat[]): HeartbeatResult {
    const query = 'SELECT id FROM tasks WHERE lease_id = ? AND claimed_at IS NOT NULL';
    const held = (leaseId: string) => this.sql.exec<{ id: string }>(query, leaseId).map((row) => row.id);
    return super.heartbeat(
      beats.map((beat) => ({ ...beat, holds: [...new Set([...beat.holds, ...held(beat.leaseId)])] })),
    );
  }
}

class Silent extends Reaching {
  override heartbeat(beats: readonly LeaseBeat[]): HeartbeatResult {
    return { ...super.heartbeat(beats), cancelled: [] };
  }
}

class Overriding extends Reaching {
  override cancel(taskId: string): CancelOutcome {
    const outcome = super.cancel(taskId);
    if (!('refused' in outcome)) return outcome;
    this.sql.exec("UPDATE tasks SET state = 'cancelled' WHERE id = ?", taskId);
    return { changed: true };
  }
}

/** Changes a statement only during some calls. */
class Sometimes extends Ledger {
  readonly #isChanged: { now: boolean };

  constructor(sql: Sql, sources: LedgerSources, from: string, to: string) {
    const changed = { now: false };
    super(
      through(sql, (query) => (changed.now ? query.replaceAll(from, to) : query)),
      sources,
    );
    this.#isChanged = changed;
  }

  protected changed<Result>(call: () => Result): Result {
    this.#isChanged.now = true;
    const result = call();
    this.#isChanged.now = false;
    return result;
  }
}

class Inserting extends Sometimes {
  constructor(sql: Sql, sources: LedgerSources) {
    super(sql, sources, 'FROM seals WHERE window = ?1', 'FROM seals WHERE window = ?1 AND 0');
  }

  override insert(tasks: readonly NewTask[]): ReturnType<Ledger['insert']> {
    return this.changed(() => super.insert(tasks));
  }
}

class Retrying extends Sometimes {
  constructor(sql: Sql, sources: LedgerSources) {
    super(sql, sources, 'seals.purged_at IS NULL', 'seals.purged_at IS NULL AND 0');
  }

  override retry(taskId: string): RetryOutcome {
    return this.changed(() => super.retry(taskId));
  }
}
