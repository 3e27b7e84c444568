#!/usr/bin/env node
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { createLogger } from './log.ts';
import { logEvents } from './log-events.ts';
import { listSettings, readOptions } from './options.ts';
import { createRunner } from './runner.ts';

const parser = yargs(hideBin(process.argv))
  .scriptName('runner')
  .usage('$0 --threads N\n\nClaims tasks from the edge and runs them on worker threads.')
  .strict()
  .wrap(110);
for (const { flag, env, description, defaultValue } of listSettings()) {
  parser.option(flag, {
    describe: `${description} [${env}]`,
    ...(typeof defaultValue === 'boolean' ? { type: 'boolean' } : { type: 'string', requiresArg: true }),
    ...(defaultValue !== undefined && { defaultDescription: String(defaultValue) }),
  });
}

// Started with an IPC channel, it must not outlive the process that started it, not even while it loads.
let stop = (): void => process.exit(0);
process.on('disconnect', () => stop());

try {
  const options = readOptions(await parser.parse(), process.env);
  const runner = await createRunner(options);
  stop = () => runner.stop();
  logEvents(runner.events, createLogger(options, runner.name));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop());
  if (options.metricsPort !== undefined) {
    // Loaded only where it is used.
    const { serveMetrics } = await import('./metrics-server.ts');
    await serveMetrics(runner, { ...options, port: options.metricsPort, host: options.metricsHost });
  }
  await runner.run();
  process.exit(0);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
