import type { Ledger } from '../../ledger.ts';
import type { Sql, SqlValue } from '../../store/sql.ts';
import { openSqlite } from '../../store/sqlite.ts';
import type { MakeLedger } from '../real.ts';
import { type Call, tick } from './calls.ts';
import { Watch } from './watch/watch.ts';
import { happens, type World } from './world.ts';

class Crash extends Error {}

/**
 * The process of the ledger. It restarts sometimes with the same database. If it crashes inside a transaction, the
 * transaction is rolled back. Its alarm is as durable as the database.
 */
export class Host {
  readonly watch: Watch;
  calls = 0;
  readonly #world: World;
  readonly #make: MakeLedger;
  readonly #database = openSqlite();
  readonly #sql: Sql;
  #ledger: Ledger;
  /** How many statements are left until the process dies; null if it does not die. */
  #fuse: number | null = null;
  #upAt = 0;
  #fullUntil = 0;
  #alarmAt: number | null = null;

  constructor(world: World, make: MakeLedger) {
    this.#world = world;
    this.#make = make;
    this.#sql = this.#fused(this.#database);
    this.#ledger = this.#start();
    this.watch = new Watch(world, this.#database);
    this.#dieNowAndThen();
    this.#fillUpNowAndThen();
  }

  close(): void {
    this.#database.close();
  }

  /** Returns the answer; null if the process is down or died. */
  handle<Answer>(call: Call<Answer>): { answer: Answer } | null {
    const { now } = this.#world.clock;
    if (now < this.#upAt) return null;
    this.calls += 1;
    if (call.whenFull !== undefined && now < this.#fullUntil) return { answer: call.whenFull };
    if (happens(this.#world, 'crash inside a transaction', 0.004)) this.#fuse = this.#world.random.int(1, 8);
    try {
      const answer = call.run(this.#ledger);
      this.#fuse = null;
      this.#world.trace(() => `${call.name} ${show(call.asks)} → ${show(answer)}`);
      this.watch.checkChanges(call);
      call.check?.(this.watch, answer);
      this.#setAlarm();
      return { answer };
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      this.#world.trace(() => `${call.name} ${show(call.asks)} → the process died, the call was rolled back`);
      this.#restart();
      return null;
    }
  }

  /** Whether no task is held or waits for its time. */
  isIdle(): boolean {
    return this.#ledger.nextTickAt() === null;
  }

  #start(): Ledger {
    const { clock, random } = this.#world;
    return this.#make(this.#sql, { now: () => clock.now, random: () => random.next() });
  }

  #restart(): void {
    const { clock, random } = this.#world;
    this.#fuse = null;
    this.#upAt = clock.now + (this.#world.quiet ? 0 : random.int(10, 3000));
    this.#ledger = this.#start();
    this.watch.checkChanges(null);
  }

  #dieNowAndThen(): void {
    const { clock, random } = this.#world;
    clock.after(random.int(20_000, 90_000), () => {
      if (happens(this.#world, 'ledger restarted', 1)) {
        this.#world.trace(() => 'the ledger restarts');
        this.#restart();
        this.#dieNowAndThen();
      }
    });
  }

  #fillUpNowAndThen(): void {
    const { clock, random } = this.#world;
    clock.after(random.int(10_000, 90_000), () => {
      if (happens(this.#world, 'ledger full', 0.4)) this.#fullUntil = clock.now + random.int(5000, 60_000);
      if (!this.#world.quiet) this.#fillUpNowAndThen();
    });
  }

  #setAlarm(): void {
    const { clock, random } = this.#world;
    const dueAt = this.#ledger.nextTickAt();
    if (dueAt === null || (this.#alarmAt !== null && this.#alarmAt <= dueAt)) return;
    this.#alarmAt = dueAt;
    const late = happens(this.#world, 'alarm late', 0.05) ? random.int(1000, 20_000) : random.int(0, 20);
    // At least a second for work that is already due, so that a ledger that ignores it does not stop the clock.
    const inMs = dueAt <= clock.now ? 1000 : dueAt - clock.now;
    clock.after(inMs + late, () => this.#ring(dueAt));
  }

  #ring(setFor: number): void {
    const { clock } = this.#world;
    if (this.#alarmAt !== setFor) return;
    this.#alarmAt = null;
    if (this.handle(tick)) return;
    this.#alarmAt = setFor;
    clock.after(1000, () => this.#ring(setFor));
  }

  #fused(sql: Sql): Sql {
    return {
      exec: <Row extends Record<string, SqlValue>>(query: string, ...params: SqlValue[]) => {
        if (this.#fuse !== null && --this.#fuse <= 0) throw new Crash();
        return sql.exec<Row>(query, ...params);
      },
      transaction: (body) => sql.transaction(body),
    };
  }
}

/** Formats a value as JSON, including maps. */
export function show(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner) => (inner instanceof Map ? Object.fromEntries(inner) : inner)) ??
    'nothing'
  );
}
