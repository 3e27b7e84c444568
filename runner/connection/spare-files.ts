import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

/** Enough for the runner's concurrent connections and the files that a name lookup reads. */
const SPARE_FILES = 16;

const spare: number[] = [];

/** Keeps some files open. Their descriptors serve connections when tasks have opened all files that they may. */
export function keepSpareFiles(): void {
  try {
    while (spare.length < SPARE_FILES) spare.push(openSync(devNull, 'r'));
  } catch {
    // No descriptor is free now. A later call tries again.
  }
}

/** Closes these files if no other file can be opened. */
export function useSpareFiles(): void {
  try {
    closeSync(openSync(devNull, 'r'));
  } catch {
    for (const file of spare.splice(0)) closeSync(file);
  }
}
