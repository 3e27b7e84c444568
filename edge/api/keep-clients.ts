import { configuredNames } from '../http/tickets.ts';
import { ledgerOf } from '../platform/ledger.ts';
import type { ApiEnv } from './env.ts';

/**
 * Closes the sockets and event streams whose tokens are no longer configured. They outlive the deployment that
 * opened them, but the cron job runs in the current deployment.
 */
export async function keepClients(env: ApiEnv): Promise<void> {
  const names = await configuredNames(env);
  if (names !== null) await ledgerOf(env).keepClients(names);
}
