import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const GONE_WITHIN_MS = 10_000;
const MAX_TABLE_BYTES = 64 * 1024 * 1024;

/** A running process. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** The command with its arguments. */
  readonly command: string;
}

/** Lists the processes of this machine with `ps`, on Linux, macOS and other POSIX systems. */
export async function listProcesses(): Promise<Process[]> {
  const columns = ['-A', '-o', 'pid=,ppid=,pgid=,stat=,args='];
  const { stdout } = await promisify(execFile)('ps', columns, { maxBuffer: MAX_TABLE_BYTES });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, group, state = 'Z', command = ''] =
      /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s*(.*)$/.exec(line) ?? [];
    if (state.startsWith('Z')) return [];
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), command }];
  });
}

/** A process and all its current descendants. */
export function withDescendants(processes: readonly Process[], root: number): Process[] {
  const found = processes.filter(({ pid }) => pid === root);
  // The list grows during the loop.
  for (const { pid } of found) found.push(...processes.filter(({ parent }) => parent === pid));
  return found;
}

/**
 * Kills process groups and waits until they are gone.
 *
 * @throws {Error} if a group does not end.
 */
export async function killGroups(groups: readonly number[]): Promise<void> {
  for (const group of groups) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // The group has ended.
    }
  }
  const deadline = Date.now() + GONE_WITHIN_MS;
  while ((await listProcesses()).some(({ group }) => groups.includes(group))) {
    if (Date.now() > deadline) throw new Error(`The process groups ${groups.join(', ')} do not end`);
    await sleep(20);
  }
}
