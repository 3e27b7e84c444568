import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/**
 * Makes every loop of task code interruptible, and lets threads collect their garbage. V8 leaves the checks for
 * interrupts out of some loops that it has optimized, such as `for (;;) list.push(new Array(1000).fill(0))`. Then
 * neither a timeout nor the heap limit ends the thread, and a growing heap ends the whole process. Call this
 * before a thread is started.
 */
export function setThreadFlags(): void {
  setFlagsFromString('--no-turboshaft-loop-unrolling');
  setFlagsFromString('--expose-gc');
}

/** Memory that has not been collected is ignored up to this size. */
const GARBAGE_BYTES = 64 * 2 ** 20;

/**
 * Returns a function that collects the garbage of earlier tasks if there may be much of it. Otherwise it would count
 * as memory of the next task. Removes `gc` from the global object. Call this before a task file is loaded.
 */
export function takeCollector(): () => void {
  const { gc } = globalThis;
  Reflect.deleteProperty(globalThis, 'gc');
  const used = () => {
    const { used_heap_size, external_memory } = getHeapStatistics();
    return used_heap_size + external_memory;
  };
  let keptBytes = 0;
  return () => {
    if (gc === undefined || used() - keptBytes < GARBAGE_BYTES) return;
    gc();
    keptBytes = used();
  };
}
