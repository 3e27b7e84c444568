import type { Random } from './random.ts';

/** The connections that a network fault affects: those of one runner, of the clients, or all. */
export type Link = number | 'clients' | 'all';

/** A fault that the injector causes in the system. */
export type Fault =
  /** Kills a runner with SIGKILL and starts it again some time later. */
  | { kind: 'kill runner'; runner: number; downMs: number }
  /** Sends SIGTERM to a runner, waits for its drain, and starts it again some time later. */
  | { kind: 'stop runner'; runner: number; downMs: number }
  /** Kills both workers and all their processes with SIGKILL, then starts them with the same state. */
  | { kind: 'kill edge'; downMs: number }
  /** Cuts all connections. */
  | { kind: 'cut'; link: Link }
  /** Each piece of data arrives late. */
  | { kind: 'slow'; link: Link; delayMs: number; forMs: number }
  /** Nothing arrives for a while. Then everything arrives, even requests that nobody waits for any more. */
  | { kind: 'stall'; link: Link; forMs: number }
  /** All data that is sent for a while is lost. Then the connections are cut. */
  | { kind: 'black hole'; link: Link; forMs: number }
  /** Requests arrive and take effect, but their answers are lost. Then the connections are cut. */
  | { kind: 'lose answers'; link: Link; forMs: number };

export type FaultKind = Fault['kind'];

export interface TimedFault {
  readonly atMs: number;
  readonly fault: Fault;
}

/** The number of faults of each kind in one round. */
const ROUND: Readonly<Record<FaultKind, number>> = {
  'kill runner': 4,
  'stop runner': 2,
  'kill edge': 1,
  cut: 4,
  slow: 3,
  stall: 3,
  'black hole': 3,
  'lose answers': 3,
};
const ROUND_SECONDS = 25;

/** Plans faults for some seconds. It plans whole rounds, so even a short run has every kind of fault. */
export function planFaults(random: Random, seconds: number, runners: number): TimedFault[] {
  const rounds = Math.max(1, Math.round(seconds / ROUND_SECONDS));
  const round = kinds().flatMap((kind) => Array.from({ length: ROUND[kind] }, () => kind));
  const all = Array.from({ length: rounds }, () => random.shuffled(round)).flat();
  const gapMs = (seconds * 1000) / all.length;
  return all.map((kind, index) => ({
    atMs: (index + random.next()) * gapMs,
    fault: makeFault(kind, random, runners),
  }));
}

export function kinds(): FaultKind[] {
  return ['kill runner', 'stop runner', 'kill edge', 'cut', 'slow', 'stall', 'black hole', 'lose answers'];
}

function makeFault(kind: FaultKind, random: Random, runners: number): Fault {
  const runner = random.int(0, runners - 1);
  const link = pickLink(random, runners);
  const downMs = random.int(0, 2000);
  switch (kind) {
    case 'kill runner':
    case 'stop runner':
      return { kind, runner, downMs };
    case 'kill edge':
      return { kind, downMs };
    case 'cut':
      return { kind, link };
    case 'slow':
      return { kind, link, delayMs: random.int(20, 400), forMs: random.int(1000, 4000) };
    case 'stall':
    case 'black hole':
    case 'lose answers':
      return { kind, link, forMs: random.int(500, 6000) };
  }
}

function pickLink(random: Random, runners: number): Link {
  const pick = random.int(0, runners + 1);
  if (pick < runners) return pick;
  return pick === runners ? 'clients' : 'all';
}
