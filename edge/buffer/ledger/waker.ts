import type { ClaimGrant, LedgerClaim } from '../../contract/ledger/leases.ts';
import {
  ANY_TYPE,
  type Demand,
  DemandIndex,
  type DemandTypes,
  keyOf,
  type UnmetDemand,
} from './demand-index.ts';

/** The open wake sockets, by runner name. */
export interface WakeSockets {
  /** The demands that were saved with each socket. */
  load(): Iterable<{ readonly runner: string; readonly demands: readonly UnmetDemand[] }>;
  /** Stores a runner's demands with its sockets, so that they survive an eviction. False if no socket is open. */
  save(runner: string, demands: readonly UnmetDemand[]): boolean;
  /** Sends a wake. False if the runner has no open socket. */
  wake(runner: string): boolean;
}

/** How many tasks of some types may be claimed now. A type without such tasks may be left out. */
export type CountClaimable = (types: DemandTypes) => ReadonlyMap<string, number>;

/** If a woken runner does not claim within this time, its tasks are offered to other runners. */
const PROMISE_MS = 2000;

/**
 * Decides which runners to wake: runners whose last claim left unmet demand, and only as many as have work. The
 * runners that miss the most tasks come first, so that work spreads over the runners.
 *
 * - If a want has taken all tasks of its types, it waits for a wake. Its demand is the number of further tasks
 *   that the runner could have started, at least one.
 * - When tasks become ready, they are first assigned to runners with a pending wake, up to their demand. The
 *   rest is assigned to waiting demands, and their runners are woken.
 * - A claim ends the pending wakes of its wants. Tasks that it leaves are offered to other runners.
 * - A wake without a claim expires after two seconds. Its tasks are offered to other runners.
 *
 * A call that makes no tasks ready reads no demands and no sockets.
 */
export class Waker {
  readonly #sockets: WakeSockets;
  readonly #claimable: CountClaimable;
  readonly #index = new DemandIndex();
  /** Null until the sockets were read, which happens once, when their demands are first needed. */
  #runners: Map<string, Set<Demand>> | null = null;
  /** Demands with a pending wake, in the order in which they expire. */
  readonly #pending = new Set<Demand>();
  /** How many tasks of each type have become ready since the last {@link wake}. */
  #readied = new Map<string, number>();
  /** Types that may have tasks which woken runners did not take. Their ready tasks are counted again. */
  #left = new Set<string>();

  constructor(sockets: WakeSockets, claimable: CountClaimable) {
    this.#sockets = sockets;
    this.#claimable = claimable;
  }

  /** Records tasks that have become ready, for {@link wake}. */
  noteReady(types: ReadonlyMap<string, number>): void {
    for (const [type, count] of types) this.#readied.set(type, (this.#readied.get(type) ?? 0) + count);
  }

  /** Records that a type was resumed, for {@link wake}. */
  noteResumed(type: string): void {
    this.#left.add(type);
  }

  /** Records a runner's claim. Its demands for types that the claim does not ask for stay. */
  noteClaim(order: Pick<LedgerClaim, 'runner' | 'wants'>, grant: Pick<ClaimGrant, 'tasks' | 'next'>): void {
    const { runner, wants } = order;
    const asked = new Set(wants.flatMap((want) => want.types));
    const answered = [...(this.#load().get(runner) ?? [])].filter((demand) => concerns(demand, asked));
    if (answered.some(({ pending }) => pending)) this.#noteLeft(order, grant);
    const unmet = unmetDemands(order, grant);
    if (isSame(answered, unmet)) {
      for (const demand of answered) this.#endWake(demand);
      return;
    }
    for (const demand of answered) this.#remove(demand);
    for (const demand of unmet) this.#add(runner, demand);
    if (!this.#save(runner)) this.forget(runner);
  }

  /** Removes the demands of a runner that has no open socket. */
  forget(runner: string): void {
    for (const demand of this.#runners?.get(runner) ?? []) this.#remove(demand);
  }

  /**
   * Wakes runners for tasks that have become ready and for tasks that were left.
   *
   * @param now Unix milliseconds.
   */
  wake(now: number): void {
    this.#expire(now);
    if (this.#readied.size === 0 && this.#left.size === 0) return;
    this.#load();
    const [readied, left] = [this.#readied, this.#left];
    this.#readied = new Map();
    this.#left = new Set();
    const types = new Set([...readied.keys(), ...left]);
    const awaited = [...types].filter((type) => this.#index.isAwaited(type));
    if (awaited.length === 0) return;
    const claimable = this.#claimable(awaited);
    for (const type of awaited) {
      const count = claimable.get(type) ?? 0;
      if (left.has(type)) this.#offer(type, count - this.#assigned(type), now);
      else this.#offer(type, Math.min(count, readied.get(type) ?? 0), now);
    }
  }

  #assigned(type: string): number {
    return this.#index.pendingWith(type).reduce((sum, { pending }) => sum + (pending?.assigned ?? 0), 0);
  }

  /** Assigns tasks of a type to woken runners that can take more, and wakes others for the rest. */
  #offer(type: string, tasks: number, now: number): void {
    let open = tasks;
    for (const { missing, pending } of this.#index.pendingWith(type)) {
      if (open <= 0) return;
      if (!pending) continue;
      const more = Math.min(open, missing - pending.assigned);
      pending.assigned += more;
      open -= more;
    }
    while (open > 0) {
      const demand = this.#index.neediest(type);
      if (!demand) return;
      if (!this.#sockets.wake(demand.runner)) {
        this.forget(demand.runner);
        continue;
      }
      const assigned = Math.min(open, demand.missing);
      this.#index.setPending(demand, { until: now + PROMISE_MS, assigned });
      this.#pending.add(demand);
      open -= assigned;
    }
  }

  #expire(now: number): void {
    for (const demand of this.#pending) {
      if (demand.pending && demand.pending.until > now) return;
      const { types } = demand.group;
      const left = types === ANY_TYPE ? this.#claimable(ANY_TYPE).keys() : types;
      for (const type of left) this.#left.add(type);
      this.#remove(demand);
      this.#save(demand.runner);
    }
  }

  #noteLeft({ wants }: Pick<LedgerClaim, 'wants'>, { next }: Pick<ClaimGrant, 'next'>): void {
    for (const [index, { types }] of wants.entries()) {
      if (next[index]) for (const type of types) this.#left.add(type);
    }
  }

  #endWake(demand: Demand): void {
    this.#pending.delete(demand);
    this.#index.setWaiting(demand);
  }

  #add(runner: string, unmet: UnmetDemand): void {
    const runners = this.#load();
    const demands = runners.get(runner) ?? new Set();
    runners.set(runner, demands.add(this.#index.add(runner, unmet)));
  }

  #remove(demand: Demand): void {
    this.#pending.delete(demand);
    this.#index.remove(demand);
    const demands = this.#runners?.get(demand.runner);
    demands?.delete(demand);
    if (demands?.size === 0) this.#runners?.delete(demand.runner);
  }

  #save(runner: string): boolean {
    const demands = [...(this.#load().get(runner) ?? [])];
    return this.#sockets.save(
      runner,
      demands.map(({ group, missing }) => ({ types: group.types, missing })),
    );
  }

  #load(): Map<string, Set<Demand>> {
    if (this.#runners) return this.#runners;
    this.#runners = new Map();
    for (const { runner, demands } of this.#sockets.load()) {
      // A runner that has reconnected may have two sockets for some time.
      if (!this.#runners.has(runner)) for (const demand of demands) this.#add(runner, demand);
    }
    return this.#runners;
  }
}

function concerns({ group }: Demand, asked: ReadonlySet<string>): boolean {
  return group.types === ANY_TYPE || group.types.some((type) => asked.has(type));
}

/**
 * For each want that has taken all tasks of its types: the number of further tasks that the runner could have
 * started, at least one, because the runner asks again only after a wake. A want with tasks left in the ledger has
 * no unmet demand, because the runner chose to take no more.
 */
function unmetDemands(
  { wants }: Pick<LedgerClaim, 'wants'>,
  { tasks, next }: Pick<ClaimGrant, 'tasks' | 'next'>,
): UnmetDemand[] {
  const granted = new Map<string, number>();
  for (const { type } of tasks) granted.set(type, (granted.get(type) ?? 0) + 1);
  return wants.flatMap(({ types, limit, starts = limit }, index) => {
    if (next[index]) return [];
    const got = types.reduce((sum, type) => sum + (granted.get(type) ?? 0), 0);
    return [{ types, missing: Math.max(1, starts - got) }];
  });
}

function isSame(demands: readonly Demand[], unmet: readonly UnmetDemand[]): boolean {
  if (demands.length !== unmet.length) return false;
  return unmet.every(({ types, missing }) => {
    const key = keyOf(types);
    return demands.some((demand) => demand.group.key === key && demand.missing === missing);
  });
}
