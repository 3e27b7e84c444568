import { readFile } from 'node:fs/promises';
import { RunLine } from './step.ts';

/** One run of a task. Without an end, its thread or its process ended first. */
export interface Run {
  readonly run: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly pid: number;
  readonly startedAt: number;
  readonly end?: { readonly how: 'ok' | 'failed' | 'aborted'; readonly at: number };
}

/** Reads the runs that a runner's tasks wrote down; none where no task has run. */
export async function readRuns(file: string): Promise<Run[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const runs = new Map<string, Run>();
  // A read may meet a line that is still being written, where it crosses a page of the file.
  const written = text.slice(0, text.lastIndexOf('\n') + 1);
  for (const line of written.split('\n').filter(Boolean)) {
    const { event, at, ...run } = RunLine.parse(JSON.parse(line));
    if (event === 'start') runs.set(run.run, { ...run, startedAt: at });
    const started = runs.get(run.run);
    if (event !== 'start' && started) runs.set(run.run, { ...started, end: { how: event, at } });
  }
  return [...runs.values()];
}
