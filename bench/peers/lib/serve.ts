import { send } from './counters.ts';
import type { WorkerArguments } from './worker-messages.ts';

/**
 * Runs a peer's worker as this process. It notifies the parent when it waits for jobs, and ends on SIGTERM or when
 * the parent has ended.
 *
 * @param open starts the worker. Resolves to a function that stops it.
 */
export async function serve(
  open: (given: WorkerArguments) => Promise<() => Promise<unknown>>,
): Promise<void> {
  process.on('disconnect', () => process.exit(1));
  const [port, queue = '', expect] = process.argv.slice(2);
  const stop = await open({ port: Number(port), queue, expect: Number(expect) });
  process.on('SIGTERM', async () => {
    await stop();
    process.exit();
  });
  send({ kind: 'ready' });
}
