/** The types of a demand that was too large to be stored. It may contain any type. */
export const ANY_TYPE = 'any';

export type DemandTypes = readonly string[] | typeof ANY_TYPE;

/** The part of a want of a runner's last claim that was not granted. */
export interface UnmetDemand {
  readonly types: DemandTypes;
  /** How many more tasks the runner would have started. */
  readonly missing: number;
}

/** A wake for a demand, after which the runner has not claimed yet. */
export interface PendingWake {
  /** Unix milliseconds. From this time on, the wake counts as lost. */
  readonly until: number;
  /** How many tasks the runner was woken for. */
  assigned: number;
}

/** The unmet demand of one runner for one set of types. */
export interface Demand {
  readonly runner: string;
  readonly group: Group;
  readonly missing: number;
  /** Null while the runner waits for a wake. */
  pending: PendingWake | null;
}

/** All demands for the same set of types. */
export interface Group {
  readonly key: string;
  readonly types: DemandTypes;
  size: number;
  /** The demands that wait for a wake, by the number of missing tasks. */
  readonly waiting: Map<number, Set<Demand>>;
  readonly pending: Set<Demand>;
}

/** Finds demands by type. The cost depends on the number of groups with the type, not on the number of runners. */
export class DemandIndex {
  readonly #groups = new Map<string, Group>();
  readonly #byType = new Map<string, Set<Group>>();
  #any: Group | undefined;

  add(runner: string, { types, missing }: UnmetDemand): Demand {
    const group = this.#groupOf(types);
    const demand = { runner, group, missing, pending: null };
    group.size += 1;
    wait(demand);
    return demand;
  }

  remove(demand: Demand): void {
    const { group } = demand;
    if (demand.pending) group.pending.delete(demand);
    else stopWaiting(demand);
    group.size -= 1;
    if (group.size === 0) this.#drop(group);
  }

  /** Records that the runner of a demand was woken. */
  setPending(demand: Demand, pending: PendingWake): void {
    stopWaiting(demand);
    demand.pending = pending;
    demand.group.pending.add(demand);
  }

  /** Records that the runner of a demand has claimed and still misses the same number of tasks. */
  setWaiting(demand: Demand): void {
    if (!demand.pending) return;
    demand.group.pending.delete(demand);
    demand.pending = null;
    wait(demand);
  }

  /** Whether a runner waits for tasks of this type. */
  isAwaited(type: string): boolean {
    return this.#groupsWith(type).some(({ waiting }) => waiting.size > 0);
  }

  /** The waiting demand for this type that misses the most tasks. */
  neediest(type: string): Demand | undefined {
    let found: Demand | undefined;
    for (const { waiting } of this.#groupsWith(type)) {
      const most = Math.max(...waiting.keys());
      const first = waiting.get(most)?.values().next().value;
      if (first && (!found || first.missing > found.missing)) found = first;
    }
    return found;
  }

  /** The demands for this type whose runners were woken. */
  pendingWith(type: string): Demand[] {
    return this.#groupsWith(type).flatMap(({ pending }) => [...pending]);
  }

  #groupsWith(type: string): Group[] {
    const groups = [...(this.#byType.get(type) ?? [])];
    return this.#any ? [...groups, this.#any] : groups;
  }

  #groupOf(types: DemandTypes): Group {
    const key = keyOf(types);
    const known = this.#groups.get(key);
    if (known) return known;
    const group: Group = { key, types, size: 0, waiting: new Map(), pending: new Set() };
    this.#groups.set(key, group);
    if (types === ANY_TYPE) this.#any = group;
    else for (const type of types) this.#byType.set(type, (this.#byType.get(type) ?? new Set()).add(group));
    return group;
  }

  #drop(group: Group): void {
    this.#groups.delete(group.key);
    if (group.types === ANY_TYPE) {
      this.#any = undefined;
      return;
    }
    for (const type of group.types) {
      const groups = this.#byType.get(type);
      groups?.delete(group);
      if (groups?.size === 0) this.#byType.delete(type);
    }
  }
}

/** A key of a set of types. No type contains a space, so equal keys mean equal sets. */
export function keyOf(types: DemandTypes): string {
  return types === ANY_TYPE ? '' : types.toSorted().join(' ');
}

function wait(demand: Demand): void {
  const { waiting } = demand.group;
  waiting.set(demand.missing, (waiting.get(demand.missing) ?? new Set()).add(demand));
}

function stopWaiting(demand: Demand): void {
  const { waiting } = demand.group;
  const alike = waiting.get(demand.missing);
  alike?.delete(demand);
  if (alike?.size === 0) waiting.delete(demand.missing);
}
