import { DurableObject } from 'cloudflare:workers';
import type {
  ClaimOrder,
  LeaseBeat,
  LedgerApi,
  ListFilter,
  NewTask,
  SettleReport,
  UnfencedReport,
} from '../../contract/ledger.ts';
import { Ledger } from './ledger.ts';
import type { Sql, SqlValue } from './sql.ts';

/** The Durable Object around the ledger: it lends it storage, and wakes it by alarm when time brings work. */
export class TaskLedger extends DurableObject<unknown> implements LedgerApi {
  readonly #ledger: Ledger;
  /** When the alarm is set to ring, so that it is written only to ring earlier. */
  #alarmAt: number | null = null;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    this.#ledger = new Ledger(durableSql(ctx.storage), { now: Date.now, random: Math.random });
    ctx.blockConcurrencyWhile(async () => {
      this.#alarmAt = await ctx.storage.getAlarm();
    });
  }

  async insert(tasks: NewTask[]) {
    this.#ledger.insert(tasks);
    await this.#setAlarm();
  }

  async claim(order: ClaimOrder) {
    const grant = this.#ledger.claim(order);
    await this.#setAlarm();
    return grant;
  }

  async claimOne(taskId: string) {
    const grant = this.#ledger.claimOne(taskId);
    await this.#setAlarm();
    return grant;
  }

  async heartbeat(leases: LeaseBeat[]) {
    const answer = this.#ledger.heartbeat(leases);
    await this.#setAlarm();
    return answer;
  }

  async settle(reports: SettleReport[]) {
    const outcomes = this.#ledger.settle(reports);
    await this.#setAlarm();
    return outcomes;
  }

  async settleUnfenced(report: UnfencedReport) {
    return this.#ledger.settleUnfenced(report);
  }

  async release(leaseId: string, taskIds: string[]) {
    return this.#ledger.release(leaseId, taskIds);
  }

  async find(taskId: string) {
    return this.#ledger.find(taskId);
  }

  async list(filter: ListFilter) {
    return this.#ledger.list(filter);
  }

  async ready(limit: number) {
    return this.#ledger.ready(limit);
  }

  async alive(limit: number) {
    return this.#ledger.alive(limit);
  }

  override async alarm() {
    this.#alarmAt = null;
    this.#ledger.tick();
    await this.#setAlarm();
  }

  async #setAlarm(): Promise<void> {
    const dueAt = this.#ledger.nextTickAt();
    if (dueAt === null || (this.#alarmAt !== null && this.#alarmAt <= dueAt)) return;
    this.#alarmAt = dueAt;
    await this.ctx.storage.setAlarm(dueAt);
  }
}

function durableSql(storage: DurableObjectStorage): Sql {
  return {
    exec: <Row extends Record<string, SqlValue>>(query: string, ...params: SqlValue[]) =>
      storage.sql.exec<Row>(query, ...params).toArray(),
    transaction: (body) => storage.transactionSync(body),
  };
}
