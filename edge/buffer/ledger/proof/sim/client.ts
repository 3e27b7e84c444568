import type { NewTask } from '../../../../contract/ledger/tasks.ts';
import { newSubmission, taskIdAt } from '../../../../contract/task-id.ts';
import { MINUTE } from '../../testing.ts';
import * as calls from './calls.ts';
import type { Network } from './network.ts';
import { happens, note, type World } from './world.ts';

/**
 * A client together with the API Worker. A submission is accepted when its record is written. Then it is sent
 * through a queue that may deliver it late, twice, in another order, or never. Some of the tasks are cancelled
 * or retried, regardless of their state.
 */
export class Client {
  readonly #world: World;
  readonly #network: Network;

  constructor(world: World, network: Network) {
    this.#world = world;
    this.#network = network;
  }

  /** Submits a number of tasks, spread over some time. */
  submit(tasks: number, withinMs: number): void {
    const { random, clock } = this.#world;
    for (let left = tasks; left > 0; ) {
      const count = Math.min(left, random.int(1, 6));
      left -= count;
      clock.after(random.int(0, withinMs), () => this.#accept(count));
    }
  }

  #accept(count: number): void {
    const { clock, random, records } = this.#world;
    const name = newSubmission(clock.now, 0, random.bytes(6));
    const tasks = Array.from({ length: count }, (_, index) => this.#task(taskIdAt(name, index)));
    this.#addStraggler(tasks);
    records.set(name, { name, acceptedAt: clock.now, tasks });
    this.#world.trace(() => `accepted ${tasks.map(({ id, payload }) => `${id} (${payload})`).join(', ')}`);
    if (!happens(this.#world, 'queue message lost', 0.1)) this.#deliver(tasks);
    if (happens(this.#world, 'queue message duplicated', 0.15)) this.#deliver(tasks);
    for (const { id } of tasks) this.#changeMind(id);
  }

  #task(id: string): NewTask {
    const { clock, random, readsAheadOnly } = this.#world;
    const fatal = readsAheadOnly ? 'killer' : 'poison';
    const kinds = ['good', 'good', 'good', 'good', 'good', 'flaky', 'flaky', 'slow', 'broken', fatal];
    return {
      id,
      type: random.pick(['heavy', 'heavy', 'email', 'image']) ?? 'heavy',
      payload: random.pick(kinds) ?? 'good',
      priority: random.chance(0.2) ? random.int(-2, 2) : 0,
      runAt: random.chance(0.15) ? clock.now + random.int(1000, 60_000) : undefined,
      maxAttempts: random.chance(0.3) ? random.int(1, 5) : undefined,
    };
  }

  /** One task of the first submission waits so long that the others must be archived before it. */
  #addStraggler(tasks: readonly NewTask[]): void {
    const { clock, records, random } = this.#world;
    const [first] = tasks;
    if (first && records.size === 0) first.runAt = clock.now + random.int(30 * MINUTE, 40 * MINUTE);
  }

  #deliver(tasks: readonly NewTask[]): void {
    const { clock, random } = this.#world;
    const late = happens(this.#world, 'queue message late', 0.2);
    const deliver = () =>
      this.#network.send(calls.insert(tasks), (taken) => {
        if (!taken) clock.after(random.int(5000, 30_000), deliver);
      });
    clock.after(late ? random.int(1000, 1_000_000) : random.int(5, 200), deliver);
  }

  #changeMind(id: string): void {
    const { clock, random } = this.#world;
    if (random.chance(0.2)) clock.after(random.int(0, 60_000), () => this.#cancel(id));
    for (let retries = random.int(0, 4) - 2; retries > 0; retries -= 1) {
      clock.after(random.int(0, 320_000), () => this.#retry(id));
    }
  }

  #cancel(id: string): void {
    this.#network.send(calls.cancel(id), (outcome) => {
      if ('changed' in outcome) note(this.#world, 'task cancelled');
      if (this.#world.random.chance(0.5))
        this.#world.clock.after(this.#world.random.int(0, 5000), () => this.#retry(id));
    });
  }

  #retry(id: string): void {
    this.#network.send(calls.retry(id), (outcome) => {
      if ('retried' in outcome) note(this.#world, 'task retried');
    });
  }
}
