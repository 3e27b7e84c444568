import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const GONE_WITHIN_MS = 10_000;

interface Entry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly zombie: boolean;
}

/** The process groups, other than its own, of a process's children. */
export async function groupsOf(pid: number): Promise<number[]> {
  const groups = (await readTable()).filter(({ parent }) => parent === pid).map(({ group }) => group);
  return [...new Set(groups)].filter((group) => group !== pid);
}

/**
 * Kills process groups and waits until they are gone.
 *
 * @throws {Error} when one does not go.
 */
export async function killGroups(groups: readonly number[]): Promise<void> {
  for (const group of groups) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
  const deadline = Date.now() + GONE_WITHIN_MS;
  while ((await readTable()).some(({ group, zombie }) => groups.includes(group) && !zombie)) {
    if (Date.now() > deadline) throw new Error(`The process groups ${groups.join(', ')} do not end`);
    await sleep(20);
  }
}

async function readTable(): Promise<Entry[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,pgid=,stat=']);
  return stdout
    .split('\n')
    .filter((line) => line.trim())
    .map((line) => {
      const [pid, parent, group, stat = ''] = line.trim().split(/\s+/);
      return { pid: Number(pid), parent: Number(parent), group: Number(group), zombie: stat.startsWith('Z') };
    });
}
