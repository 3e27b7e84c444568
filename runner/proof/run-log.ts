import { readFile } from 'node:fs/promises';
import { RunLine } from './step.ts';

/** One run of a task. If `end` is missing, the thread or the process ended before the run did. */
export interface Run {
  readonly run: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly pid: number;
  readonly startedAt: number;
  readonly end?: { readonly how: 'ok' | 'failed' | 'aborted'; readonly at: number };
}

/** Reads the runs that a runner's tasks wrote to the log. Returns an empty list if no task has run. */
export async function readRuns(file: string): Promise<Run[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const runs = new Map<string, Run>();
  // The last line may be incomplete: a write that crosses a page of the file is not atomic for readers.
  const written = text.slice(0, text.lastIndexOf('\n') + 1);
  for (const line of written.split('\n').filter(Boolean)) {
    const { event, at, ...run } = RunLine.parse(JSON.parse(line));
    if (event === 'start') runs.set(run.run, { ...run, startedAt: at });
    const started = runs.get(run.run);
    if (event !== 'start' && started) runs.set(run.run, { ...started, end: { how: event, at } });
  }
  return [...runs.values()];
}
