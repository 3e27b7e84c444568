/** A message of the runner's process to its parent. */
export type RunnerMessage =
  | { readonly kind: 'ready'; readonly rssMb: number }
  /** The edge has accepted all expected results. */
  | {
      readonly kind: 'done';
      /** The 99th percentile of the main thread's event-loop delay since the first claim. */
      readonly loopDelayMs: number;
      readonly peakRssMb: number;
      /** The maximum number of tasks that the runner held at one time. */
      readonly mostHeld: number;
    };

export type DoneMessage = Extract<RunnerMessage, { kind: 'done' }>;
