/** What the runner's process tells its parent. */
export type RunnerMessage =
  | { readonly kind: 'ready'; readonly rssMb: number }
  /** All results that were expected have been accepted. */
  | {
      readonly kind: 'done';
      /** The 99th percentile of the main thread's event-loop delay since the first claim. */
      readonly loopDelayMs: number;
      readonly peakRssMb: number;
      /** The most tasks that it held at one time. */
      readonly mostHeld: number;
    };

export type DoneMessage = Extract<RunnerMessage, { kind: 'done' }>;
