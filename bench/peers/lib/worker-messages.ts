import { z } from 'zod';

/** A message of a peer's worker process to its parent. Times are Unix milliseconds. */
export const WorkerMessage = z.discriminatedUnion('kind', [
  /** The worker waits for jobs. */
  z.object({ kind: z.literal('ready') }),
  /** Every job has run once. Contains the start of the first job and the end of the last one. */
  z.object({ kind: z.literal('done'), firstAt: z.number(), lastAt: z.number() }),
]);
export type WorkerMessage = z.infer<typeof WorkerMessage>;

/** The data of a job. */
export interface JobData {
  readonly n: number;
}

/** The arguments of a peer's worker process. */
export interface WorkerArguments {
  /** The port of the peer's server, on loopback. */
  readonly port: number;
  readonly queue: string;
  /** The number of jobs. They are numbered from 0. */
  readonly expect: number;
}
