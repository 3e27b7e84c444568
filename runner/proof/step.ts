import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { NonRetryableError, type TaskContext } from '../task.ts';

/** The file in a runner's data folder that its tasks write their runs to. */
export const RUN_LOG = 'runs.log';

export const StepPayload = z.object({
  /** The step's number in the workload. */
  index: z.int(),
  ms: z.number(),
  /** Keep the processor busy instead of sleeping. */
  spin: z.boolean().default(false),
  /** How many attempts fail. */
  failTimes: z.int().default(0),
  /** Fail for good. */
  fatal: z.boolean().default(false),
});
export type StepPayload = z.input<typeof StepPayload>;

/** A line of the log: a run has started, or ended. Times are Unix milliseconds. */
export const RunLine = z.object({
  event: z.enum(['start', 'ok', 'failed', 'aborted']),
  run: z.uuid(),
  taskId: z.string(),
  attempt: z.int(),
  pid: z.int(),
  at: z.number(),
});
export type RunLine = z.infer<typeof RunLine>;

/** What a step returns: which run of it the result comes from. */
export const StepResult = z.object({ run: z.uuid() });

/** Runs a step's work, and writes when it started and how and when it ended. */
export async function runStep(
  { failTimes, fatal }: z.output<typeof StepPayload>,
  { taskId, attempt, dataDir, signal }: TaskContext,
  work: () => Promise<void> | void,
): Promise<z.infer<typeof StepResult>> {
  const run = randomUUID();
  const write = (event: RunLine['event']) => {
    const line: RunLine = { event, run, taskId, attempt, pid: process.pid, at: Date.now() };
    // One write of an append-only file: lines of several threads do not mix.
    appendFileSync(join(dataDir, RUN_LOG), `${JSON.stringify(line)}\n`);
  };
  write('start');
  try {
    await work();
    if (fatal) throw new NonRetryableError('This step fails for good');
    if (attempt <= failTimes) throw new Error(`This step fails ${failTimes} times`);
  } catch (error) {
    write(signal.aborted ? 'aborted' : 'failed');
    throw error;
  }
  write('ok');
  return { run };
}
