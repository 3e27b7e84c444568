import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { listProcesses, withDescendants } from '../../scripts/lib/process-table.ts';
import type { Attack, Outcome } from '../harness/attack.ts';
import { withGuardedEdge } from '../harness/guarded.ts';

const UPLOADS = 16;
const MB = 2 ** 20;
const UPLOAD_BYTES = 19 * MB;
const CHUNK = Buffer.alloc(MB, 0x78);
/** The local runtime's sockets buffer about 8 MB of each upload. A worker that reads it holds all of it, twice. */
const MOST_GROWTH_MB = 150;
/** The interval between two measurements of the memory. */
const LOOK_MS = 50;

export const uploads: Attack = {
  name: `${UPLOADS} uploads of ${UPLOAD_BYTES / MB} MB at once, without a token or a declared length`,
  bound: { measure: 'growth of the workers’ memory', unit: 'MB', atMost: MOST_GROWTH_MB },
  run: () => withGuardedEdge(attack),
};

async function attack(url: string): Promise<Outcome> {
  // The memory that the first request takes does not belong to the attack.
  await upload(url);
  const before = await residentBytes();
  const uploading = Promise.all(Array.from({ length: UPLOADS }, () => upload(url)));
  let isOver = false;
  const over = uploading.finally(() => {
    isOver = true;
  });
  let most = before;
  while (!isOver) {
    most = Math.max(most, await residentBytes());
    await Promise.race([over, sleep(LOOK_MS)]);
  }
  const answers = await uploading;
  const accepted = answers.filter((status) => status !== 401 && status !== undefined);
  if (accepted.length > 0) throw new Error(`Uploads without a token were answered ${accepted.join(', ')}`);
  const refused = answers.filter((status) => status === 401).length;
  return { value: (most - before) / MB, note: `${refused} were answered 401, the others cut off` };
}

/** Resolves to the status of the answer, or to undefined if the connection was cut before. */
async function upload(url: string): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const call = request(`${url}/tasks/batch`, { method: 'POST' }, (answer) => {
    answer.resume();
    resolve(answer.statusCode);
  });
  call.on('error', () => resolve(undefined));
  for (let sent = 0; sent < UPLOAD_BYTES && !call.destroyed; sent += CHUNK.length) {
    const isTaken = call.write(CHUNK);
    if (!isTaken) await Promise.race([new Promise((drained) => call.once('drain', drained)), promise]);
  }
  call.end();
  return promise;
}

/** The memory of the workers' runtime, a child of this process. */
async function residentBytes(): Promise<number> {
  const own = withDescendants(await listProcesses(), process.pid);
  const runtime = own.filter(({ command }) => command.includes('workerd'));
  if (runtime.length === 0) throw new Error('The process of the workers was not found');
  const sizes = runtime.map(async ({ pid }) => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  });
  return (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0);
}
