import { readFileSync, readlinkSync } from 'node:fs';

/** What Linux keeps of a process. */
export interface ProcessStat {
  readonly parent: number;
  readonly group: number;
  /** Clock ticks since the machine started: another process under the same id has another time. */
  readonly startedAt: string;
}

/** Reads what Linux keeps of a process; undefined once it is gone, and on other systems. */
export function statOf(pid: number): ProcessStat | undefined {
  const text = read(`/proc/${pid}/stat`);
  // The name of the program comes before this, in parentheses; it may contain any character.
  const [, parent, group, ...rest] = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? [];
  const startedAt = rest[16];
  if (startedAt === undefined) return undefined;
  return { parent: Number(parent), group: Number(group), startedAt };
}

/** The id that Linux gives to the calling thread; undefined on other systems. */
export function currentThread(): number | undefined {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
  } catch {
    return undefined;
  }
}

/** The children that a thread of this process has started and not yet reaped; none on systems other than Linux. */
export function childrenOf(thread: number): number[] {
  const text = read(`/proc/self/task/${thread}/children`) ?? '';
  return text.split(' ').filter(Boolean).map(Number);
}

/**
 * Kills a child of this process, with the group that it leads. On Linux nothing else is killed, whatever the ids
 * are; other systems do not say whose child a process is, so there it is taken for one.
 *
 * @param child `startedAt` and `isLeader` are what was known of it when it started.
 * @returns false if there is no such child any more, or there never was.
 */
export function endChild({ pid, startedAt, isLeader = false }: KnownChild): boolean {
  if (process.platform !== 'linux') {
    if (pid !== process.pid) endProcess(pid, isLeader);
    return pid !== process.pid;
  }
  const stat = statOf(pid);
  if (stat?.parent !== process.pid) return false;
  // Another child may have its id since.
  if (startedAt !== undefined && startedAt !== stat.startedAt) return false;
  endProcess(pid, stat.group === pid);
  return true;
}

interface KnownChild {
  readonly pid: number;
  readonly startedAt?: string | undefined;
  readonly isLeader?: boolean;
}

/** Kills a process, or the group that it leads. */
export function endProcess(pid: number, isLeader: boolean): void {
  try {
    process.kill(isLeader && process.platform !== 'win32' ? -pid : pid, 'SIGKILL');
  } catch {
    // It has ended, or it runs as another user.
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
