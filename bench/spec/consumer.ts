import { z } from 'zod';
import { type Caller, read } from '../../edge/testing/caller.ts';

const Ready = z.object({ tasks: z.array(z.object({ id: z.string() })) });
const Claimed = z.object({ task: z.object({ payload: z.object({ n: z.int() }) }) });
const Done = z.object({ success: z.literal(true) });

/** A task that a consumer has run: its id, the number in its payload, and the time of its report. */
export interface Work {
  readonly id: string;
  readonly n: number;
  /** By `performance.now()`. */
  readonly completedAt: number;
}

/** The Local Consumer of the specification. It polls, and claims the tasks that it finds one by one. */
export class SpecConsumer {
  readonly #api: Caller;
  readonly #buffer: Caller;
  readonly work: Work[] = [];

  constructor(workers: { api: Caller; buffer: Caller }) {
    this.#api = workers.api;
    this.#buffer = workers.buffer;
  }

  /** Polls once: claims each ready task, does no work for it, and reports it to both workers. */
  async poll(): Promise<void> {
    const { tasks } = await this.#buffer.read('/tasks/ready', Ready);
    for (const { id } of tasks) await this.#take(id);
  }

  async #take(id: string): Promise<void> {
    const claim = await this.#buffer.post(`/tasks/${id}/claim`);
    // Another consumer was first.
    if (claim.status === 404 || claim.status === 409) return;
    const { task } = read(claim, Claimed);
    await this.#api.read(`/tasks/${id}/complete`, Done, { success: true });
    const completedAt = performance.now();
    await this.#buffer.read(`/tasks/${id}/complete`, Done, {});
    this.work.push({ id, n: task.payload.n, completedAt });
  }
}
