import type { Random } from './random.ts';

/** Whose connections a fault of the network hits: a runner's, the clients', or everyone's. */
export type Link = number | 'clients' | 'all';

/** What is done to the system. */
export type Fault =
  /** SIGKILL, and a start some time later. */
  | { kind: 'kill runner'; runner: number; downMs: number }
  /** SIGTERM, its drain awaited, and a start some time later. */
  | { kind: 'stop runner'; runner: number; downMs: number }
  /** SIGKILL of both workers and all that belongs to them, and a start over the same state. */
  | { kind: 'kill edge'; downMs: number }
  /** All connections are cut. */
  | { kind: 'cut'; link: Link }
  /** Each piece of data arrives late. */
  | { kind: 'slow'; link: Link; delayMs: number; forMs: number }
  /** Nothing arrives for a while, then all of it: also requests that nobody waits for any more. */
  | { kind: 'stall'; link: Link; forMs: number }
  /** What is sent for a while never arrives; then the connections are cut. */
  | { kind: 'black hole'; link: Link; forMs: number }
  /** Requests arrive and take effect, but their answers never come; then the connections are cut. */
  | { kind: 'lose answers'; link: Link; forMs: number };

export type FaultKind = Fault['kind'];

export interface TimedFault {
  readonly atMs: number;
  readonly fault: Fault;
}

/** How often each kind comes in one round. */
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

/** Faults for some seconds: whole rounds, so that every kind comes in a short run too. */
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
