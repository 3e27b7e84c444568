import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { z } from 'zod';
import type { TaskContext, TaskDefinition } from '../../task.ts';

/** Runs a task as the runner does: the payload goes through its schema first. */
export async function runTask<Payload extends z.ZodType>(
  task: TaskDefinition<Payload>,
  payload: unknown,
  context: Partial<TaskContext<string>> = {},
): Promise<unknown> {
  return task.run(task.payload.parse(payload), {
    taskId: 'a1b2c3d4-e5f6-4890-abcd-ef1234567890',
    attempt: 1,
    timeoutSeconds: undefined,
    signal: new AbortController().signal,
    dataDir: tmpdir(),
    env: {},
    log: recordingLog().log,
    progress: () => {},
    ...context,
  });
}

/** A log that keeps its lines, each as `level message`. */
export function recordingLog() {
  const lines: string[] = [];
  const at = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  return { lines, log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } };
}

/** A folder that is removed when the test ends. */
export async function temporaryFolder(test: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'task-queue-'));
  test.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
