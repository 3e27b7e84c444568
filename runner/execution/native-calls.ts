/** The concurrent native calls of the main thread: name lookups and files. */
const OWN_NATIVE_CALLS = 4;

/**
 * Gives libuv a thread for each concurrent native call of tasks, including tasks on stuck threads. All
 * threads of a process share libuv's threads, so otherwise the main thread could not look up host names.
 * libuv reads the setting at the first native call of the process. A setting in the environment is kept.
 */
export function reserveNativeThreads(threads: number): void {
  const lanes = threads + 1;
  process.env.UV_THREADPOOL_SIZE ??= String(OWN_NATIVE_CALLS + 2 * lanes);
}

/**
 * Makes `process.exit` end this process at once. Node would wait for threads in a native call. The process ends as
 * if by an unhandled SIGTERM.
 */
export function exitDespiteThreads(): void {
  process.once('exit', () => {
    process.removeAllListeners('SIGTERM');
    process.kill(process.pid, 'SIGTERM');
  });
}
