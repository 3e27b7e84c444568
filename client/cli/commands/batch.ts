import { TaskSubmission } from '../../../edge/contract/task.ts';
import type { TaskQueue } from '../../client.ts';
import { TaskQueueError } from '../../errors.ts';
import type { NewTask } from '../../types.ts';
import { readLines, STDIN } from '../files.ts';
import { parseJsonText } from '../json-text.ts';

export interface BatchFileOptions {
  readonly idempotencyKey?: string | undefined;
  /** Called once, where the number of tasks is known before. */
  readonly onTotal?: (tasks: number) => void;
  readonly onBatch?: (taskIds: readonly string[]) => void;
}

/**
 * Submits the tasks of a file, one a line, as they are read. A file is read twice: a line that is wrong is
 * found before anything is submitted. Standard input comes once, so there the lines before it are.
 *
 * @returns how many tasks were submitted.
 * @throws {Error} whose sentence names the line.
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
    throw told(file, lines, submitted, error);
  }
  if (submitted > 0) return submitted;
  throw new Error(`--batch: ${nameOf(file)} has no task: expected one a line, as JSON`);
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
    if (!task.success) throw new Error(`${nameOf(file)}, line ${line}: ${wrong(task.error.issues)}`);
    onTask?.(line);
    yield task.data;
  }
}

function wrong(issues: readonly { path: PropertyKey[]; message: string }[]): string {
  return issues
    .map(({ path, message }) => [path.map(String).join('.'), message].filter(Boolean).join(': '))
    .join('; ');
}

/** A refusal that names a task, told by the line that it came from; and what is submitted already. */
function told(file: string, lines: readonly number[], submitted: number, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (!(error instanceof TaskQueueError)) {
    return submitted === 0
      ? error
      : new Error(`${error.message}\n${submitted} tasks before it are submitted`);
  }
  const [, index] = /^tasks\.(\d+)/.exec(error.issues?.[0]?.path ?? '') ?? [];
  const line = lines[Number(index)];
  if (line === undefined) return error;
  return new Error(error.message.replace(/^tasks\.\d+\.?/, `${nameOf(file)}, line ${line}: `));
}

function nameOf(file: string): string {
  return file === STDIN ? 'standard input' : file;
}
