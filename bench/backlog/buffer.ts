import type { BufferEnv } from '../../edge/buffer/env.ts';
import { TaskLedger as Ledger } from '../../edge/buffer/task-ledger.ts';
import worker from '../../edge/buffer/worker.ts';
import { newSubmission, taskIdAt } from '../../edge/contract/task-id.ts';
import { ledgerOf } from '../../edge/platform/ledger.ts';

const SUBMISSION_TASKS = 1000;

/** A ledger that can fill itself with tasks, because a million of them would take minutes over HTTP. */
export class TaskLedger extends Ledger {
  /** Inserts waiting tasks of some types in turn, as submissions of 1,000 tasks, one per millisecond. */
  async fill(types: string[], count: number, fromMs: number): Promise<string[]> {
    const lastIds: string[] = [];
    for (let done = 0; done < count; done += SUBMISSION_TASKS) {
      const random = crypto.getRandomValues(new Uint8Array(6));
      const submission = newSubmission(fromMs + done / SUBMISSION_TASKS, 0, random);
      const tasks = Array.from({ length: Math.min(SUBMISSION_TASKS, count - done) }, (_, index) => ({
        id: taskIdAt(submission, index),
        type: types[index % types.length] ?? '',
        payload: `{"n":${index}}`,
        priority: 0,
      }));
      await this.insert(tasks);
      lastIds.push(taskIdAt(submission, 0));
    }
    return lastIds;
  }
}

interface BacklogEnv extends BufferEnv {
  LEDGER: DurableObjectNamespace<TaskLedger>;
}

/** The Consumer Worker with one more call: `POST /bench/fill` `{types, count, fromMs}`. */
export default {
  ...worker,
  async fetch(
    request: Request<unknown, IncomingRequestCfProperties>,
    env: BacklogEnv,
    ctx: ExecutionContext,
  ) {
    if (new URL(request.url).pathname !== '/bench/fill') return worker.fetch(request, env, ctx);
    const { types, count, fromMs } = await request.json<{ types: string[]; count: number; fromMs: number }>();
    return Response.json(await ledgerOf(env).fill(types, count, fromMs));
  },
};
