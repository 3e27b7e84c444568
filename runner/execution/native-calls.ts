/** Native calls that the main thread needs at once for itself: name look-ups, files. */
const OWN_NATIVE_CALLS = 4;

/**
 * Gives libuv a thread for each native call that tasks may have under way, also in threads that do not end. All
 * threads of a process share them, so the main thread could look up no host name otherwise. libuv reads the
 * setting at the first native call of the process; where the environment sets it, that holds.
 */
export function reserveNativeThreads(threads: number): void {
  const lanes = threads + 1;
  process.env.UV_THREADPOOL_SIZE ??= String(OWN_NATIVE_CALLS + 2 * lanes);
}

/**
 * Has `process.exit` end this process at once. Node would wait for threads that are in a native call. It ends
 * as by a SIGTERM that nothing handles.
 */
export function exitDespiteThreads(): void {
  process.once('exit', () => {
    process.removeAllListeners('SIGTERM');
    process.kill(process.pid, 'SIGTERM');
  });
}
