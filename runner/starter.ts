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
    const before = findNpm();
    const timer = setInterval(() => {
      if (findNpm() === before) return;
      clearInterval(timer);
      callback('npm');
    }, LOOK_EVERY_MS);
    timer.unref();
  }
}

/**
 * Names the processes between npm and this one; the name changes when one of them ends. npm starts scripts by
 * a shell, which is this process's parent unless it has replaced itself by its command. A shell that stays
 * does not end with npm, but gets another parent; only Linux tells that without another process.
 */
function findNpm(): string {
  const { ppid } = process;
  try {
    const [, flag] = readFileSync(`/proc/${ppid}/cmdline`, 'utf8').split('\0');
    if (flag !== '-c') return `${ppid}`;
    return `${ppid} of ${/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${ppid}/status`, 'utf8'))?.[1]}`;
  } catch {
    return `${ppid}`;
  }
}
