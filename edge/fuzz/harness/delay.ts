import type { Outcome } from './attack.ts';
import type { AttackedEdge, EdgeUrls } from './edge.ts';
import { call } from './http.ts';
import { probeDuring, type Sample } from './probe.ts';

/** The number of calls that a flood sends at the same time. */
export const LANES = 14;

export const ATTACK_MS = 6000;
/** The part of the calls that counts. Other programs on the machine delay the rest. */
const PART = 0.95;

/** The bound of every attack on the ledger. */
export const LEDGER_DELAY = { measure: 'delay of a claim or heartbeat, p95', unit: 'ms', atMost: 50 };

const CALLS = ['claim', 'heartbeat'] as const;

/** An attack on the ledger of an edge. It runs on the control as well. */
export interface LedgerAttack {
  /** Prepares the attack. This is not measured. */
  prepare?(edge: EdgeUrls): Promise<void>;
  /** Attacks. Resolves to a description of the answers. */
  send(edge: EdgeUrls): Promise<string>;
  /** Restores the edge. */
  undo?(edge: EdgeUrls): Promise<void>;
}

/** How much longer the calls of a runner take during an attack on its ledger than during one on the control. */
export async function ledgerDelay(edge: AttackedEdge, attack: LedgerAttack): Promise<Outcome> {
  const both = [edge, edge.control];
  for (const one of both) await attack.prepare?.(one);
  try {
    const control = await probeDuring(edge, async () => {
      await attack.send(edge.control);
    });
    let seen = '';
    const attacked = await probeDuring(edge, async () => {
      seen = await attack.send(edge);
    });
    const delays = CALLS.map((name) => quantile(attacked, name, PART) - quantile(control, name, PART));
    return {
      value: Math.max(0, ...delays),
      note: `${timesOf(attacked)}; during an attack on the control ${timesOf(control)}. ${seen}`,
    };
  } finally {
    for (const one of both) await attack.undo?.(one);
  }
}

function timesOf(samples: readonly Sample[]): string {
  const times = CALLS.map((name) => {
    const [median, most] = [0.5, PART].map((part) => Math.round(quantile(samples, name, part)));
    return `${name} p50 ${median}, p95 ${most} ms`;
  });
  return times.join(', ');
}

function quantile(samples: readonly Sample[], name: keyof Sample, part: number): number {
  const sorted = samples.map((sample) => sample[name]).toSorted((a, b) => a - b);
  return sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN;
}

/**
 * Sends calls for some seconds. Each lane sends one after another.
 *
 * @param next returns the n-th call.
 * @returns the number of answers with each status.
 * @throws {Error} if an answer has a status of 5xx other than 503.
 */
export async function flood(next: (index: number) => { url: string; method?: string }): Promise<string> {
  const statuses = new Map<number, number>();
  const end = performance.now() + ATTACK_MS;
  let index = 0;
  const lane = async () => {
    while (performance.now() < end) {
      const { url, method } = next(index++);
      const { status } = await call(url, method);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status >= 500 && status !== 503) throw new Error(`${url} answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return `Answers: ${[...statuses].map(([status, count]) => `${count} of ${status}`).join(', ')}`;
}
