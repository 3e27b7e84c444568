/**
 * Runs one worker with wrangler, like `wrangler dev` but without its inspector. The inspector accepts a WebSocket
 * from any web page and runs code in the worker. No option of the command turns it off.
 */
import { unstable_startWorker } from 'wrangler';
import { LocalWorker } from './local-worker.ts';

const { config, port, stateDir, registry, assets, vars } = LocalWorker.parse(
  JSON.parse(process.argv[2] ?? 'null'),
);

try {
  const worker = await unstable_startWorker({
    config,
    bindings: Object.fromEntries(
      Object.entries(vars).map(([name, value]) => [name, { type: 'plain_text', value }]),
    ),
    ...(assets !== undefined && { assets }),
    dev: {
      server: { hostname: '127.0.0.1', port },
      inspector: false,
      remote: false,
      persist: stateDir,
      registry,
      watch: false,
    },
  });
  await worker.ready;
} catch (error) {
  console.error(error);
  process.exit(1);
}
