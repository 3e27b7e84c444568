import { setTimeout as sleep } from 'node:timers/promises';
import type { EdgeProcess } from './edge-process.ts';
import type { FaultyProxy } from './faulty-proxy.ts';
import type { Fault, FaultKind, Link, TimedFault } from './plan.ts';
import type { RunnerProcess } from './runner-process.ts';

/** The processes and proxies that get the faults. */
export interface Targets {
  readonly edge: EdgeProcess;
  readonly runners: readonly RunnerProcess[];
  /** For each runner, the proxies between it and the workers. */
  readonly runnerProxies: readonly (readonly FaultyProxy[])[];
  readonly clientProxies: readonly FaultyProxy[];
}

/** Carries out a plan of faults. The faults of one process run one after another. All others may overlap. */
export class Injector {
  readonly injected = new Map<FaultKind, number>();
  readonly #targets: Targets;
  readonly #queues = new Map<unknown, Promise<void>>();

  constructor(targets: Targets) {
    this.#targets = targets;
  }

  /** Resolves when the last fault is over. Then all processes run, and all proxies forward everything. */
  async carryOut(plan: readonly TimedFault[], log: (fault: Fault) => void): Promise<void> {
    const startedAt = performance.now();
    const faults: Promise<void>[] = [];
    for (const { atMs, fault } of plan) {
      await sleep(Math.max(0, startedAt + atMs - performance.now()));
      faults.push(this.#inject(fault, log));
    }
    await Promise.all(faults);
  }

  async #inject(fault: Fault, log: (fault: Fault) => void): Promise<void> {
    const { edge, runners } = this.#targets;
    const start = () => {
      this.injected.set(fault.kind, (this.injected.get(fault.kind) ?? 0) + 1);
      log(fault);
    };
    switch (fault.kind) {
      case 'kill runner':
      case 'stop runner': {
        const runner = runners[fault.runner];
        if (!runner) throw new Error(`The plan names runner ${fault.runner} of ${runners.length}`);
        return this.#inTurn(runner, async () => {
          start();
          await (fault.kind === 'kill runner' ? runner.kill() : runner.stop());
          await sleep(fault.downMs);
          await runner.start();
        });
      }
      case 'kill edge':
        return this.#inTurn(edge, async () => {
          start();
          await edge.kill();
          await sleep(fault.downMs);
          await edge.start();
        });
      default:
        start();
        await Promise.all(this.#proxies(fault.link).map((proxy) => disturb(proxy, fault)));
    }
  }

  #inTurn(target: unknown, action: () => Promise<void>): Promise<void> {
    const turn = (this.#queues.get(target) ?? Promise.resolve()).then(action);
    this.#queues.set(target, turn);
    return turn;
  }

  #proxies(link: Link): readonly FaultyProxy[] {
    const { runnerProxies, clientProxies } = this.#targets;
    if (link === 'clients') return clientProxies;
    if (link === 'all') return [...runnerProxies.flat(), ...clientProxies];
    return runnerProxies[link] ?? [];
  }
}

async function disturb(proxy: FaultyProxy, fault: Exclude<Fault, { downMs: number }>): Promise<void> {
  switch (fault.kind) {
    case 'cut':
      return proxy.cut();
    case 'slow':
      return proxy.slow(fault.delayMs, fault.forMs);
    case 'stall':
      return proxy.stall(fault.forMs);
    case 'black hole':
      return proxy.swallow(['request', 'answer'], fault.forMs);
    case 'lose answers':
      return proxy.swallow(['answer'], fault.forMs);
  }
}
