import type { ClaimGrant, ClaimWant } from '../../../../contract/ledger/leases.ts';
import type { WorkRow } from '../../../../contract/ledger/tasks.ts';
import { type Asking, ask } from './ask.ts';
import * as calls from './calls.ts';
import type { Network } from './network.ts';
import { happens, note, type World } from './world.ts';

const LEASE_SECONDS = 30;
const POLL_MS = 10_000;
const SETTLE_MS = 2000;
const GRACE_MS = 200;
/** Maximum number of tasks of a type that a runner reads ahead. */
const MAX_AHEAD = 2;

const LANES = [['heavy'], ['email', 'image']];

type Report = { taskId: string; leaseId: string; success: boolean; result?: string; error?: typeof BROKEN };

const BROKEN = { code: 'broken', message: 'It broke', retryable: true };

/**
 * A task that this runner holds: it waits for a slot, runs, or has ended and waits for the answer to its report.
 */
interface Holding {
  readonly leaseId: string;
  readonly task: WorkRow;
  stage: 'waiting' | 'running' | Report;
  /** Whether the ledger knows the start of the task, from the claim or from a heartbeat. */
  startKnown: boolean;
}

/**
 * A runner. It claims tasks for its free slots and reads some tasks ahead. After each third of the lease time it
 * sends a heartbeat with the tasks that it holds and the tasks read ahead that have started. It repeats reports
 * until they are answered. When it drains, it gives back tasks that have not started. After a crash or a drain
 * it starts a new life, which knows nothing of the previous one. A frozen runner receives and sends nothing, and
 * continues later as if no time had passed.
 */
export class Runner {
  readonly #name: string;
  readonly #world: World;
  readonly #network: Network;
  readonly #slots: number;
  readonly #asking: Asking;
  /** Timers and answers of an earlier life are ignored. */
  #life = 0;
  #leases = 0;
  #frozenUntil = 0;
  #draining = false;
  #claiming = false;
  /** The share of the free slots that it claims tasks for. It is smaller after a claim was given up. */
  #share = 1;
  #holdings = new Map<string, Holding>();
  /** When each lease expires from the runner's point of view, counted from the time of its request. */
  #until = new Map<string, number>();

  constructor(name: string, world: World, network: Network) {
    this.#name = name;
    this.#world = world;
    this.#network = network;
    this.#slots = world.random.int(1, 3);
    this.#asking = { world, network, after: (ms, body) => this.#after(ms, body) };
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

  /** Runs `body` later, unless the runner has died by then. A frozen runner runs it after the freeze. */
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
    if (happens(this.#world, 'runner crashed', 0.25)) {
      this.#die('crashes');
      return;
    }
    if (happens(this.#world, 'runner frozen', 0.3)) this.#frozenUntil = clock.now + random.int(1000, 70_000);
    else if (happens(this.#world, 'runner drained', 0.5)) this.#drain();
    this.#after(random.int(5000, 60_000), () => this.#misfortune());
  }

  #die(how: string): void {
    const { clock, random } = this.#world;
    this.#world.trace(() => `${this.#name} ${how}`);
    this.#life += 1;
    const hasBegun = (it: Holding) => it.stage !== 'waiting' && !it.startKnown;
    if ([...this.#holdings.values()].some(hasBegun)) note(this.#world, 'runner died with unknown starts');
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
    const waits = (it: Holding) => it.stage === 'running' || it.stage === 'waiting';
    const free = this.#slots - [...this.#holdings.values()].filter(waits).length;
    if (this.#claiming || this.#draining || this.#holdings.size >= this.#slots + MAX_AHEAD) return;
    const wants = this.#wants(Math.ceil(Math.max(0, free) * this.#share));
    if (wants.length === 0) return;
    this.#claiming = true;
    const leaseId = `${this.#name}.${this.#life}.${this.#leases++}`;
    const askedAt = this.#world.clock.now;
    ask(
      this.#asking,
      { leaseId, runner: this.#name, leaseSeconds: LEASE_SECONDS, wants },
      (grant) => {
        this.#until.set(leaseId, askedAt + LEASE_SECONDS * 1000);
        this.#share = 1;
        this.#hold(leaseId, wants, grant);
      },
      () => {
        this.#claiming = false;
        this.#share /= 2;
      },
    );
  }

  /** Wants for the free slots of both lanes. Only some types may be read ahead. */
  #wants(free: number): ClaimWant[] {
    const { random, readsAheadOnly } = this.#world;
    const first = random.int(0, 1);
    return LANES.flatMap((types, lane) => {
      const starts = readsAheadOnly ? 0 : lane === first ? Math.ceil(free / 2) : Math.floor(free / 2);
      const ahead = Object.fromEntries(
        types.map((type) => [type, random.int(readsAheadOnly ? 1 : 0, MAX_AHEAD)]),
      );
      const limit = starts + random.int(0, MAX_AHEAD) + (readsAheadOnly ? 1 : 0);
      return limit === 0 ? [] : { types, limit, starts, ahead };
    });
  }

  #hold(leaseId: string, wants: readonly ClaimWant[], { tasks, ready }: ClaimGrant): void {
    this.#claiming = false;
    for (const { types, starts = 0 } of wants) {
      const granted = tasks.filter((task) => types.includes(task.type));
      for (const [index, task] of granted.entries()) {
        this.#holdings.set(task.id, { leaseId, task, stage: 'waiting', startKnown: index < starts });
      }
    }
    this.#fill();
    if (ready > 0) this.#after(50, () => this.#claim());
  }

  #fill(): void {
    let running = [...this.#holdings.values()].filter((holding) => holding.stage === 'running').length;
    const waiting = [...this.#holdings.values()].filter(({ stage }) => stage === 'waiting');
    for (const holding of waiting.sort((a, b) => Number(b.startKnown) - Number(a.startKnown))) {
      if (running >= this.#slots) return;
      holding.stage = 'running';
      running += 1;
      this.#run(holding);
    }
  }

  #run(holding: Holding): void {
    const { random } = this.#world;
    const { leaseId, task } = holding;
    const tags = task.payload;
    const ms = tags === 'slow' ? random.int(20_000, 100_000) : tags === 'killer' ? 1 : random.int(20, 8000);
    this.#after(ms, () => {
      if (this.#holdings.get(task.id) !== holding || holding.stage !== 'running') return;
      if (tags === 'poison' || tags === 'killer') {
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
      started: group.filter((it) => it.stage !== 'waiting' && !it.startKnown).map(({ task }) => task.id),
    }));
    this.#send(calls.heartbeat(beats), ({ extended, lost, cancelled }) => {
      for (const { leaseId } of extended) this.#until.set(leaseId, askedAt + LEASE_SECONDS * 1000);
      for (const { leaseId, holds, started } of beats) {
        for (const id of holds) {
          const holding = this.#holdings.get(id);
          if (holding?.leaseId !== leaseId) continue;
          holding.startKnown ||= started.includes(id);
          if (lost.includes(id)) this.#lose(holding);
          else if (cancelled.includes(id)) this.#after(GRACE_MS, () => this.#abort(holding));
        }
      }
    });
  }

  /** Aborts a lost task that waits or runs. An existing result is still reported. */
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
