import { z } from 'zod';

/** What a peer's worker process tells its parent. Times are Unix milliseconds. */
export const WorkerMessage = z.discriminatedUnion('kind', [
  /** It waits for jobs. */
  z.object({ kind: z.literal('ready') }),
  /** Every job has run, once: when the first started, and when the last ended. */
  z.object({ kind: z.literal('done'), firstAt: z.number(), lastAt: z.number() }),
]);
export type WorkerMessage = z.infer<typeof WorkerMessage>;

/** The data of a job. */
export interface JobData {
  readonly n: number;
}

/** What a peer's worker process is started with. */
export interface WorkerArguments {
  /** The port of the peer's server, on loopback. */
  readonly port: number;
  readonly queue: string;
  /** How many jobs there are, numbered from 0. */
  readonly expect: number;
}
