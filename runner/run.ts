import { exitDespiteThreads, reserveNativeThreads } from './execution/native-calls.ts';
import { createLogger } from './observability/log.ts';
import { logEvents } from './observability/log-events.ts';
import { readOptions } from './options.ts';
import { createRunner } from './runner.ts';
import { TOKEN_VARIABLE } from './threads/thread-env.ts';

/**
 * Runs a runner until it is told to stop, or with `--once` until nothing is ready.
 *
 * @param onStoppable is given what stops it; called again, it ends at once.
 */
export async function run(
  flags: Record<string, unknown>,
  onStoppable: (stop: () => void) => void,
): Promise<void> {
  const options = readOptions(flags, process.env);
  // What a process reports of itself is open to the tasks: `process.report` shows its environment.
  delete process.env[TOKEN_VARIABLE];
  reserveNativeThreads(options.threads);
  const runner = await createRunner(options);
  onStoppable(() => runner.stop());
  logEvents(runner.events, createLogger(options, runner.name), options);
  if (options.metricsPort !== undefined) {
    // Loaded only where it is used.
    const { serveMetrics } = await import('./observability/metrics-server.ts');
    await serveMetrics(runner, { ...options, port: options.metricsPort, host: options.metricsHost });
  }
  try {
    await runner.run();
  } finally {
    if (runner.hasThreads) exitDespiteThreads();
  }
}
