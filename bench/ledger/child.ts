/** Measures ledgers in a separate process, whose heap contains nothing else. */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { CoreCpu } from './core.ts';
import type { MeasuredCall } from './measure.ts';
import type { TaskStorage } from './storage.ts';

/** See `measure.ts` for why the young generation is large. */
const CALL_FLAGS = [
  '--expose-gc',
  '--min-semi-space-size=256',
  '--max-semi-space-size=512',
  '--max-old-space-size=4096',
];

/** The measurement that a child must make. */
export type ChildOrder =
  | { readonly kind: 'calls'; readonly folder: string; readonly size: number }
  | { readonly kind: 'core'; readonly rounds: number }
  | { readonly kind: 'storage'; readonly folder: string; readonly tasks: number };

export interface ChildResults {
  calls: MeasuredCall[];
  core: CoreCpu[][];
  storage: TaskStorage[];
}

export type ChildMessage =
  | { readonly kind: 'step'; readonly step: string }
  | { readonly kind: 'result'; readonly result: Partial<ChildResults> };

export async function inChild(
  order: ChildOrder,
  onStep: (step: string) => void,
): Promise<Partial<ChildResults>> {
  const execArgv = order.kind === 'calls' ? CALL_FLAGS : [];
  const child = fork(join(import.meta.dirname, 'child-process.ts'), { execArgv });
  const { promise, resolve, reject } = Promise.withResolvers<Partial<ChildResults>>();
  child.on('message', (message: ChildMessage) => {
    if (message.kind === 'step') onStep(message.step);
    else resolve(message.result);
  });
  child.on('error', reject);
  child.on('exit', (code) =>
    reject(new Error(`The child that measures ${order.kind} ended: exit code ${code}`)),
  );
  child.send(order);
  return promise;
}
