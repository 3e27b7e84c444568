import { TaskSubmission } from '../../../edge/contract/task.ts';
import type { TaskQueue } from '../../client.ts';
import { TaskQueueError } from '../../errors.ts';
import type { NewTask } from '../../types.ts';
import { readLines, STDIN } from '../files.ts';
import { parseJsonText } from '../json-text.ts';

export interface BatchFileOptions {
  readonly idempotencyKey?: string | undefined;
  /** Called once before the first batch, if the number of tasks is known. Standard input has no such call. */
  readonly onTotal?: (tasks: number) => void;
  readonly onBatch?: (taskIds: readonly string[]) => void;
}

/**
 * Submits the tasks of a file, one per line, while it reads them. It reads a file twice, so it finds an invalid
 * line before it submits anything. Standard input can be read only once: the lines before an invalid one are
 * submitted.
 *
 * @returns the number of submitted tasks.
 * @throws {Error} whose message names the line.
 */
export async function submitFile(
  queue: TaskQueue,
  file: string,
  { idempotencyKey, onTotal, onBatch }: BatchFileOptions,
): Promise<number> {
  if (file !== STDIN) {
    let total = 0;
    for await (const _ of readTasks(file)) total += 1;
    onTotal?.(total);
  }
  const lines: number[] = [];
  let submitted = 0;
  try {
    await queue.submitMany(
      readTasks(file, (line) => lines.push(line)),
      {
        ...(idempotencyKey !== undefined && { idempotencyKey }),
        onBatch: (taskIds) => {
          submitted += taskIds.length;
          onBatch?.(taskIds);
        },
      },
    );
  } catch (error) {
    throw withLine(file, lines, submitted, error);
  }
  if (submitted > 0) return submitted;
  throw new Error(`--batch: ${nameOf(file)} has no tasks: expected one JSON object per line`);
}

async function* readTasks(
  file: string,
  onTask?: (line: number) => void,
): AsyncGenerator<NewTask, void, undefined> {
  let line = 0;
  for await (const text of readLines(file, 'batch')) {
    line += 1;
    if (text.trim() === '') continue;
    const task = TaskSubmission.safeParse(await parseJsonText(text, nameOf(file), line));
    if (!task.success) throw new Error(`${nameOf(file)}, line ${line}: ${describeIssues(task.error.issues)}`);
    onTask?.(line);
    yield task.data;
  }
}

function describeIssues(issues: readonly { path: PropertyKey[]; message: string }[]): string {
  return issues
    .map(({ path, message }) => [path.map(String).join('.'), message].filter(Boolean).join(': '))
    .join('; ');
}

/** Replaces a task's index in a refusal by its line. Adds the number of tasks that are already submitted. */
function withLine(file: string, lines: readonly number[], submitted: number, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (!(error instanceof TaskQueueError)) {
    return submitted === 0
      ? error
      : new Error(`${error.message}\n${submitted} tasks were submitted before it`);
  }
  const [, index] = /^tasks\.(\d+)/.exec(error.issues?.[0]?.path ?? '') ?? [];
  const line = lines[Number(index)];
  if (line === undefined) return error;
  return new Error(error.message.replace(/^tasks\.\d+\.?/, `${nameOf(file)}, line ${line}: `));
}

function nameOf(file: string): string {
  return file === STDIN ? 'standard input' : file;
}
