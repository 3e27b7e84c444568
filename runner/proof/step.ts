import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { NonRetryableError, type TaskContext } from '../task.ts';

/** The file in a runner's data folder to which tasks write their runs. */
export const RUN_LOG = 'runs.log';

export const StepPayload = z.object({
  /** The step's number in the workload. */
  index: z.int(),
  ms: z.number(),
  /** Keeps the processor busy instead of sleeping. */
  spin: z.boolean().default(false),
  /** The number of attempts that fail. */
  failTimes: z.int().default(0),
  /** Fails permanently. */
  fatal: z.boolean().default(false),
});
export type StepPayload = z.input<typeof StepPayload>;

/** A line of the log. It records the start or the end of a run. Times are Unix milliseconds. */
export const RunLine = z.object({
  event: z.enum(['start', 'ok', 'failed', 'aborted']),
  run: z.uuid(),
  taskId: z.string(),
  attempt: z.int(),
  pid: z.int(),
  at: z.number(),
});
export type RunLine = z.infer<typeof RunLine>;

/** The result of a step: the id of the run that returned it. */
export const StepResult = z.object({ run: z.uuid() });

/** Runs a step's work. Writes to the log when it starts, and how and when it ends. */
export async function runStep(
  { failTimes, fatal }: z.output<typeof StepPayload>,
  { taskId, attempt, dataDir, signal }: TaskContext,
  work: () => Promise<void> | void,
): Promise<z.infer<typeof StepResult>> {
  const run = randomUUID();
  const write = (event: RunLine['event']) => {
    const line: RunLine = { event, run, taskId, attempt, pid: process.pid, at: Date.now() };
    // Each line is one write to an append-only file, so lines of several threads do not mix.
    appendFileSync(join(dataDir, RUN_LOG), `${JSON.stringify(line)}\n`);
  };
  write('start');
  try {
    await work();
    if (fatal) throw new NonRetryableError('This step fails permanently');
    if (attempt <= failTimes) throw new Error(`This step fails ${failTimes} times`);
  } catch (error) {
    write(signal.aborted ? 'aborted' : 'failed');
    throw error;
  }
  write('ok');
  return { run };
}
