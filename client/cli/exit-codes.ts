/** The exit codes of a command. The message of an error goes to standard error. */
export const EXIT = { error: 1, notCompleted: 2, waitTimeout: 3 } as const;

export const EXIT_CODES = [
  'Exit codes: 0 success; 1 an error, see standard error; 2 the task that the command waited for failed or was',
  'cancelled; 3 the task did not end in time.',
].join('\n');
