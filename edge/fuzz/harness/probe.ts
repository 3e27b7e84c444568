import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { EdgeUrls } from './edge.ts';

/** The type of the tasks that the probe claims. */
export const PROBE_TYPE = 'attacks/probe';

/** The duration of a runner's calls, in milliseconds. */
export interface Sample {
  readonly claim: number;
  readonly heartbeat: number;
}

/** Measures the calls of a runner while something happens. Resolves to the samples of that time. */
export async function probeDuring(edge: EdgeUrls, something: () => Promise<void>): Promise<Sample[]> {
  const samples: Sample[] = [];
  const thread = new Worker(join(import.meta.dirname, 'probe-thread.ts'), {
    workerData: { queueUrl: edge.queueUrl },
  });
  thread.on('message', (sample: Sample) => samples.push(sample));
  const ended = once(thread, 'exit');
  const failed = ended.then(() => {
    throw new Error('The probe ended early');
  });
  try {
    await Promise.race([once(thread, 'message'), failed]);
    samples.length = 0;
    await Promise.race([something(), failed]);
  } finally {
    failed.catch(() => {});
    thread.postMessage('stop');
    await ended.catch(() => {});
  }
  if (samples.length === 0) throw new Error('No call of a runner was answered');
  return samples;
}
