import { readFileSync } from 'node:fs';

/** The starter of a process: a script of this package, with an IPC channel, or npm. */
export type Starter = 'script' | 'npm';

const LOOK_EVERY_MS = 1000;

/**
 * Calls back once when the process that started this one has ended for any reason. The IPC channel shows the end
 * of a script; a check every second shows the end of npm (`npm start`, `npm run`, `npx`). Any other starter, such
 * as a shell, systemd or `setsid`, may end before this process: its end does not trigger the callback.
 */
export function onStarterEnd(callback: (starter: Starter) => void): void {
  // Undefined without a channel; false if the starter ended while this process was loading.
  if (process.connected === false) {
    callback('script');
  } else if (process.connected) {
    process.once('disconnect', () => callback('script'));
    // The channel must not keep the process running.
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
 * npm starts scripts with a shell. The shell is the parent of this process unless it has replaced itself with its
 * command. When npm ends, such a shell continues with another parent; only Linux shows that without `ps`.
 */
function isShell(pid: number): boolean {
  return readProc(pid, 'cmdline')?.split('\0')[1] === '-c';
}

/** Undefined if it cannot be read, for example on this system. */
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
