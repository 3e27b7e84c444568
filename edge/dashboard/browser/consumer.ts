import { randomUUID } from 'node:crypto';
import { ReportAnswer } from '../../contract/api.ts';
import { Claim, HeartbeatAnswer, type StuckThread } from '../../contract/buffer.ts';
import type { TestEdge } from '../../testing/harness.ts';
import { waitFor } from '../../testing/wait-for.ts';

/** A runner that only makes the calls of one. The test decides when its tasks end. */
export class Consumer {
  readonly name: string;
  readonly #edge: TestEdge;
  readonly #types: string[];
  /** The threads that it reports as stuck. */
  stuck: StuckThread[] | undefined;
  #leases = new Map<string, string>();

  constructor(edge: TestEdge, name: string, ...types: string[]) {
    this.#edge = edge;
    this.name = name;
    this.#types = types;
  }

  /** Claims up to `limit` tasks of those that are ready now. */
  async claim(limit: number): Promise<string[]> {
    const leaseId = randomUUID();
    const { tasks } = await this.#edge.buffer.read('/tasks/claim', Claim, {
      leaseId,
      runner: this.name,
      wants: [{ types: this.#types, limit }],
      leaseSeconds: 600,
      about: {
        startedAt: new Date(Date.now() - 7_500_000).toISOString(),
        threads: 4,
        ioConcurrency: 16,
        types: this.#types,
        stuck: this.stuck,
      },
    });
    for (const { taskId } of tasks) this.#leases.set(taskId, leaseId);
    return tasks.map(({ taskId }) => taskId);
  }

  /** Waits for a ready task, and claims it. */
  claimOne(): Promise<string> {
    return waitFor(`a task for ${this.name}`, async () => (await this.claim(1))[0]);
  }

  async progress(taskId: string, value: unknown): Promise<void> {
    const leaseId = this.#leaseOf(taskId);
    await this.#edge.buffer.read('/tasks/heartbeat', HeartbeatAnswer, {
      leases: [{ leaseId, holds: [taskId], progress: [{ taskId, value }] }],
    });
  }

  async complete(taskId: string, result: unknown): Promise<void> {
    await this.#report({ taskId, success: true, result });
  }

  async fail(taskId: string, message: string, retryable = false): Promise<void> {
    await this.#report({ taskId, success: false, error: { code: 'task_error', message, retryable } });
  }

  async #report(report: { taskId: string; success: boolean; [more: string]: unknown }): Promise<void> {
    const leaseId = this.#leaseOf(report.taskId);
    await this.#edge.api.read('/tasks/complete', ReportAnswer, { results: [{ ...report, leaseId }] });
  }

  #leaseOf(taskId: string): string {
    const leaseId = this.#leases.get(taskId);
    if (leaseId === undefined) throw new Error(`${this.name} does not hold ${taskId}`);
    return leaseId;
  }
}
