import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type LocalEdge, startLocalEdge } from '../../../runner/local-edge.ts';
import { Random } from '../../buffer/ledger/proof/sim/random.ts';
import { openSqlite } from '../../buffer/ledger/sqlite.ts';
import { Hour } from './hour.ts';

const SEED = 7;

/**
 * Starts both workers with a ledger that has an hour behind it: several types, retries and failures, tasks that
 * run, wait and are scheduled, a type that is paused and one that no runner handles.
 *
 * @param stateDir an empty folder.
 */
export async function startScene(stateDir: string): Promise<LocalEdge> {
  const first = await startLocalEdge(stateDir);
  // The ledger's database is made at its first call.
  const answer = await fetch(`${first.apiUrl}/stats`);
  if (!answer.ok) throw new Error(`The edge answered ${answer.status} to GET /stats`);
  await first.stop();

  const sql = openSqlite(await ledgerFile(stateDir));
  try {
    sql.exec('PRAGMA synchronous = OFF');
    new Hour(sql, Date.now(), new Random(SEED)).live();
  } finally {
    sql.close();
  }
  return startLocalEdge(stateDir);
}

async function ledgerFile(stateDir: string): Promise<string> {
  const folder = join(stateDir, 'v3/do/queue-buffer-v2-TaskLedger');
  const file = (await readdir(folder)).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  if (!file) throw new Error(`There is no ledger in ${folder}`);
  return join(folder, file);
}
