import type { WorkRow } from '../../../../contract/ledger.ts';
import * as calls from './calls.ts';
import type { Network } from './network.ts';
import { note, strikes, type World } from './world.ts';

const LEASE_SECONDS = 30;
const POLL_MS = 10_000;
const ANSWER_TIMEOUT_MS = 2500;
const SETTLE_MS = 2000;
const GRACE_MS = 200;
/** How many tasks it holds besides those that run. */
const AHEAD = 2;

const LANES = [['heavy'], ['email', 'image']];

type Report = { taskId: string; leaseId: string; success: boolean; result?: string; error?: typeof BROKEN };

const BROKEN = { code: 'broken', message: 'It broke', retryable: true };

/** A task that this runner holds: waiting for a slot, running, or ended with a report to be answered. */
interface Holding {
  readonly leaseId: string;
  readonly task: WorkRow;
  stage: 'waiting' | 'running' | Report;
}

/**
 * A runner: claims under its own lease ids and repeats a claim until it is answered, renews with what it
 * holds at a third of the lease, reports until it is answered, gives back what has not started when it
 * drains. Crashed or drained, it starts again as another life of itself, which knows nothing of the last.
 * Frozen, it hears and says nothing, and goes on later as if no time had passed.
 */
export class Runner {
  readonly #name: string;
  readonly #world: World;
  readonly #network: Network;
  readonly #slots: number;
  /** Timers and answers of an earlier life come to nothing. */
  #life = 0;
  #leases = 0;
  #frozenUntil = 0;
  #draining = false;
  #claiming = false;
  #holdings = new Map<string, Holding>();
  /** Until when each lease holds, as far as the runner knows: counted from when it asked. */
  #until = new Map<string, number>();

  constructor(name: string, world: World, network: Network) {
    this.#name = name;
    this.#world = world;
    this.#network = network;
    this.#slots = world.random.int(1, 3);
    this.#start();
  }

  #start(): void {
    this.#life += 1;
    this.#draining = false;
    this.#claiming = false;
    this.#holdings = new Map();
    this.#until = new Map();
    this.#every(POLL_MS, () => this.#claim());
    this.#every((LEASE_SECONDS * 1000) / 3, () => this.#heartbeat());
    this.#every(SETTLE_MS, () => this.#report());
    this.#after(1, () => this.#claim());
    this.#after(this.#world.random.int(5000, 60_000), () => this.#misfortune());
  }

  /** Runs `body` later, unless the runner has died by then; after the freeze, where it is frozen. */
  #after(ms: number, body: () => void): void {
    const life = this.#life;
    const { clock } = this.#world;
    const run = () => {
      if (life !== this.#life) return;
      if (clock.now < this.#frozenUntil) clock.after(this.#frozenUntil - clock.now, run);
      else body();
    };
    clock.after(ms, run);
  }

  #every(ms: number, body: () => void): void {
    this.#after(ms, () => {
      body();
      this.#every(ms, body);
    });
  }

  #send<Answer>(call: calls.Call<Answer>, answered: (answer: Answer) => void): void {
    this.#network.send(call, (answer) => this.#after(0, () => answered(answer)));
  }

  #misfortune(): void {
    const { random, clock } = this.#world;
    if (strikes(this.#world, 'runner crashed', 0.25)) {
      this.#die('crashes');
      return;
    }
    if (strikes(this.#world, 'runner frozen', 0.3)) this.#frozenUntil = clock.now + random.int(1000, 70_000);
    else if (strikes(this.#world, 'runner drained', 0.5)) this.#drain();
    this.#after(random.int(5000, 60_000), () => this.#misfortune());
  }

  #die(how: string): void {
    const { clock, random } = this.#world;
    this.#world.trace(() => `${this.#name} ${how}`);
    this.#life += 1;
    clock.after(random.int(500, 20_000), () => this.#start());
  }

  #drain(): void {
    this.#world.trace(() => `${this.#name} drains`);
    this.#draining = true;
    const waiting = [...this.#holdings.values()].filter((holding) => holding.stage === 'waiting');
    for (const [leaseId, group] of Map.groupBy(waiting, (holding) => holding.leaseId)) {
      const ids = group.map((holding) => holding.task.id);
      for (const id of ids) this.#holdings.delete(id);
      this.#send(calls.release(leaseId, ids), () => {});
    }
    this.#every(500, () => {
      if (this.#holdings.size === 0) this.#die('has drained');
    });
  }

  #claim(): void {
    const free = this.#slots + AHEAD - this.#holdings.size;
    if (this.#claiming || this.#draining || free <= 0) return;
    this.#claiming = true;
    const leaseId = `${this.#name}.${this.#life}.${this.#leases++}`;
    // With one free slot the lanes take turns by chance.
    const lanes = free > 1 ? LANES : LANES.slice(this.#world.random.int(0, 1)).slice(0, 1);
    const wants = lanes.map((types) => ({ types, limit: Math.ceil(free / 2) }));
    this.#ask({ leaseId, runner: this.#name, leaseSeconds: LEASE_SECONDS, wants }, 4);
  }

  /** Repeats a claim until it is answered; where it never is, what it may have been granted expires. */
  #ask(order: Parameters<typeof calls.claim>[0], repeats: number): void {
    const askedAt = this.#world.clock.now;
    let open = true;
    this.#send(calls.claim(order), ({ tasks, ready }) => {
      if (!open) return;
      open = false;
      this.#claiming = false;
      this.#until.set(order.leaseId, askedAt + LEASE_SECONDS * 1000);
      for (const task of tasks)
        this.#holdings.set(task.id, { leaseId: order.leaseId, task, stage: 'waiting' });
      this.#fill();
      if (ready > 0) this.#after(50, () => this.#claim());
    });
    this.#after(ANSWER_TIMEOUT_MS, () => {
      if (!open) return;
      open = false;
      if (repeats > 0) this.#ask(order, repeats - 1);
      else this.#claiming = false;
    });
  }

  #fill(): void {
    let running = [...this.#holdings.values()].filter((holding) => holding.stage === 'running').length;
    for (const holding of this.#holdings.values()) {
      if (running >= this.#slots) return;
      if (holding.stage !== 'waiting') continue;
      holding.stage = 'running';
      running += 1;
      this.#run(holding);
    }
  }

  #run(holding: Holding): void {
    const { random } = this.#world;
    const { leaseId, task } = holding;
    const tags = task.payload;
    const ms = tags === 'slow' ? random.int(20_000, 100_000) : random.int(20, 8000);
    this.#after(ms, () => {
      if (this.#holdings.get(task.id) !== holding || holding.stage !== 'running') return;
      if (tags === 'poison') {
        note(this.#world, 'runner killed by a task');
        this.#die(`is killed by ${task.id}`);
        return;
      }
      const fails = tags === 'broken' || (tags === 'flaky' && random.chance(0.5));
      if (fails) note(this.#world, 'task failed');
      const report = {
        taskId: task.id,
        leaseId,
        success: !fails,
        ...(fails ? { error: BROKEN } : { result: '1' }),
      };
      this.#end(holding, report);
    });
  }

  #end(holding: Holding, report: Report): void {
    holding.stage = report;
    this.#fill();
    this.#report();
    this.#after(50, () => this.#claim());
  }

  #report(): void {
    const ended = [...this.#holdings.values()].flatMap(({ stage }) =>
      typeof stage === 'string' ? [] : stage,
    );
    if (ended.length === 0) return;
    this.#send(calls.settle(ended), (outcomes) => {
      for (const { taskId } of outcomes) {
        const holding = this.#holdings.get(taskId);
        if (holding && ended.some((report) => report === holding.stage)) this.#holdings.delete(taskId);
      }
      this.#claim();
    });
  }

  #heartbeat(): void {
    const askedAt = this.#world.clock.now;
    this.#dropExpired(askedAt);
    const groups = Map.groupBy(this.#holdings.values(), (holding) => holding.leaseId);
    if (groups.size === 0) return;
    const beats = [...groups].map(([leaseId, group]) => ({
      leaseId,
      holds: group.map(({ task }) => task.id),
    }));
    this.#send(calls.heartbeat(beats), ({ extended, lost, cancelled }) => {
      for (const { leaseId } of extended) this.#until.set(leaseId, askedAt + LEASE_SECONDS * 1000);
      for (const { leaseId, holds } of beats) {
        for (const id of holds) {
          const holding = this.#holdings.get(id);
          if (holding?.leaseId !== leaseId) continue;
          if (lost.includes(id)) this.#lose(holding);
          else if (cancelled.includes(id)) this.#after(GRACE_MS, () => this.#abort(holding));
        }
      }
    });
  }

  /** What runs is aborted; a result that is there is offered all the same. */
  #lose(holding: Holding): void {
    if (typeof holding.stage === 'string') this.#holdings.delete(holding.task.id);
    this.#fill();
  }

  #abort(holding: Holding): void {
    const { leaseId, task, stage } = holding;
    if (this.#holdings.get(task.id) !== holding || typeof stage !== 'string') return;
    this.#end(holding, { taskId: task.id, leaseId, success: false, error: BROKEN });
  }

  #dropExpired(now: number): void {
    for (const holding of this.#holdings.values()) {
      if ((this.#until.get(holding.leaseId) ?? 0) <= now) this.#lose(holding);
    }
  }
}
