import type { AttackedEdge } from './edge.ts';

/** The result of an attack. */
export interface Outcome {
  /** In the unit of the attack's bound. */
  readonly value: number;
  /** Further observations. */
  readonly note?: string;
}

/** Something that a holder of a token, or anyone, can do to the edge, and the most that it may cost others. */
export interface Attack {
  readonly name: string;
  readonly bound: {
    readonly measure: string;
    readonly unit: string;
    readonly atMost: number;
  };
  /** Attacks an edge that `fill` has filled, and then restores it. */
  run(edge: AttackedEdge): Promise<Outcome>;
}

/** An attack with its result, or with an `error` if it could not run. */
export interface Judged {
  readonly attack: Attack;
  readonly outcome: Outcome | { readonly error: string };
  readonly held: boolean;
}

/** Runs an attack. If it cannot run, its bound does not count as held. */
export async function judge(attack: Attack, edge: AttackedEdge): Promise<Judged> {
  try {
    const outcome = await attack.run(edge);
    return { attack, outcome, held: outcome.value <= attack.bound.atMost };
  } catch (error) {
    return {
      attack,
      outcome: { error: error instanceof Error ? error.message : String(error) },
      held: false,
    };
  }
}
