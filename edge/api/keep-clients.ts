import { configuredNames } from '../http/tickets.ts';
import { ledgerOf } from '../platform/ledger.ts';
import type { ApiEnv } from './env.ts';

/**
 * Ends the sockets and event streams whose tokens are not configured any more. They outlive the deployment that
 * opened them; the cron job runs under the one in force.
 */
export async function keepClients(env: ApiEnv): Promise<void> {
  const names = await configuredNames(env);
  if (names !== null) await ledgerOf(env).keepClients(names);
}
