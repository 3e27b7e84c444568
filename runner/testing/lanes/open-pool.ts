import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { waitFor } from '../../../edge/testing/wait-for.ts';
import { type PoolOptions, ThreadPool } from '../../execution/pool.ts';
import type { RunningJob } from '../../threads/task-thread.ts';
import { threadEnv } from '../../threads/thread-env.ts';
import type { ThreadMessage } from '../../threads/thread-messages.ts';
import type { Job } from '../../threads/thread-protocol.ts';

/** A pool whose messages are recorded. Its threads end with the test. */
export function openPool(t: TestContext, options: Partial<PoolOptions> = {}) {
  const messages: ThreadMessage[] = [];
  const onMessage = (message: ThreadMessage) => void messages.push(message);
  const pool = new ThreadPool({
    threads: 1,
    tasksPerThread: 1,
    env: threadEnv(process.env),
    heapMb: undefined,
    onMessage,
    onStrayError: () => {},
    onBadMessage: () => {},
    onLeaving: () => {},
    onBlocked: () => {},
    onReturned: () => {},
    onNoThreadLeft: () => {},
    onSlots: () => {},
    ...options,
  });
  t.after(() => pool.close());
  // The pool's threads do not keep the process alive. In a runner, its timers do.
  const keepAlive = setInterval(() => {}, 1000);
  t.after(() => clearInterval(keepAlive));
  const isRunning = (id: number) => messages.some((message) => message.jobId === id);
  const started = ({ id }: Job) => waitFor('the job to run', () => isRunning(id));
  return { pool, messages, started };
}

/** Starts a single job. */
export function run(pool: ThreadPool, one: Job) {
  const [running] = pool.start([one]);
  assert.ok(running);
  const outcome = running.end.then((end) => end.outcome);
  outcome.catch(() => {});
  return { ...running, outcome };
}

/** Returns the error with which a job rejects when its thread ends. */
export const exitOf = ({ end }: RunningJob): Promise<unknown> =>
  end.then(
    () => assert.fail('expected the thread to end'),
    (exit: unknown) => exit,
  );
