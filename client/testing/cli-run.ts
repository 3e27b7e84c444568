/** A command, and the variables that it runs with. */
export interface HostedCommand {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** How a command ended, and what it printed. */
export interface CliRun {
  /** The exit code of its process, or the signal that ended it. */
  readonly ended: number | string;
  readonly stdout: string;
  readonly stderr: string;
}
