import { readFileSync } from 'node:fs';

/** What started a process: a script of this package, over an IPC channel, or npm. */
export type Starter = 'script' | 'npm';

const LOOK_EVERY_MS = 1000;

/**
 * Calls back once when the process that started this one has ended, whatever ended it. A script is noticed by
 * its IPC channel, npm (`npm start`, `npm run`, `npx`) by a look every second. Anything else, such as a shell,
 * systemd or `setsid`, may start a process and end before it: nothing is called then.
 */
export function onStarterEnd(callback: (starter: Starter) => void): void {
  // Undefined without a channel; false when the starter ended while this process was loading.
  if (process.connected === false) {
    callback('script');
  } else if (process.connected) {
    process.once('disconnect', () => callback('script'));
    // The channel alone keeps no process running.
    process.channel?.unref();
  } else if (process.env.npm_lifecycle_event !== undefined) {
    const parent = process.ppid;
    const npm = isShell(parent) ? parentOf(parent) : undefined;
    const timer = setInterval(() => {
      const isThere = npm === undefined || (parentOf(parent) ?? npm) === npm;
      if (process.ppid === parent && isThere) return;
      clearInterval(timer);
      callback('npm');
    }, LOOK_EVERY_MS);
    timer.unref();
  }
}

/**
 * npm starts scripts by a shell, which is the parent of this process unless it has replaced itself by its
 * command. A shell that stays does not end with npm, but gets another parent; only Linux shows that without
 * running `ps`.
 */
function isShell(pid: number): boolean {
  return readProc(pid, 'cmdline')?.split('\0')[1] === '-c';
}

/** Undefined where that cannot be read, now or on this system. */
function parentOf(pid: number): string | undefined {
  return /^PPid:\s*(\d+)$/m.exec(readProc(pid, 'status') ?? '')?.[1];
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
