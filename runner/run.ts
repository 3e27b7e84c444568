import { exitDespiteThreads, reserveNativeThreads } from './execution/native-calls.ts';
import { createLogger } from './observability/log.ts';
import { logEvents } from './observability/log-events.ts';
import { readOptions } from './options.ts';
import { createRunner } from './runner.ts';
import { TOKEN_VARIABLE } from './threads/thread-env.ts';

/**
 * Runs a runner until it is stopped, or with `--once` until no task is ready.
 *
 * @param onStoppable gets the function that stops the runner. A second call of that function ends it at once.
 */
export async function run(
  flags: Record<string, unknown>,
  onStoppable: (stop: () => void) => void,
): Promise<void> {
  const options = readOptions(flags, process.env);
  // Tasks can read what the process reports about itself: `process.report` contains its environment.
  delete process.env[TOKEN_VARIABLE];
  reserveNativeThreads(options.threads);
  const runner = await createRunner(options);
  onStoppable(() => runner.stop());
  logEvents(runner.events, createLogger(options, runner.name), options);
  if (options.metricsPort !== undefined) {
    // Loaded only when it is used.
    const { serveMetrics } = await import('./observability/metrics-server.ts');
    await serveMetrics(runner, { ...options, port: options.metricsPort, host: options.metricsHost });
  }
  try {
    await runner.run();
  } finally {
    if (runner.hasThreads) exitDespiteThreads();
  }
}
