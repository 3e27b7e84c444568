import type { AttackedEdge } from './edge.ts';

/** What an attack came to. */
export interface Outcome {
  /** In the unit of the attack's bound. */
  readonly value: number;
  /** What else was seen. */
  readonly note?: string;
}

/** One thing that a holder of a token, or anyone, can do to the edge, and what it may cost others at most. */
export interface Attack {
  readonly name: string;
  readonly bound: {
    readonly measure: string;
    readonly unit: string;
    readonly atMost: number;
  };
  /** Attacks an edge that `fill` has filled, and leaves it as it was. */
  run(edge: AttackedEdge): Promise<Outcome>;
}

/** An attack with what it came to; `error` if it could not be carried out. */
export interface Judged {
  readonly attack: Attack;
  readonly outcome: Outcome | { readonly error: string };
  readonly held: boolean;
}

/** Carries out an attack. One that cannot be carried out has not held. */
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
