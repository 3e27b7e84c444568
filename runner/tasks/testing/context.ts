import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { z } from 'zod';
import { type RunTaskOptions, runTask } from '../../project/run-task.ts';
import type { TaskDefinition } from '../../task.ts';

/** The default task id of an attempt. */
const TASK_ID = 'a1b2c3d4-e5f6-4890-abcd-ef1234567890';

/**
 * Runs one attempt of a task like a runner does. Resolves with the result.
 *
 * @throws the value that the task threw, or an error with the message of the failure.
 */
export async function resultOf<
  Payload extends z.ZodType,
  Type extends string,
  Result,
  Variable extends string,
>(
  task: TaskDefinition<Payload, Type, Result, Variable>,
  payload: unknown,
  options: RunTaskOptions<Variable> = {},
): Promise<unknown> {
  const { outcome } = await runTask(task, payload, { taskId: TASK_ID, ...options });
  if (outcome.status === 'completed') return outcome.result;
  throw outcome.thrown ?? new Error(outcome.error.message);
}

/** Creates a folder that is removed when the test ends. */
export async function temporaryFolder(test: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'task-queue-'));
  test.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
