import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

/** Connections that the runner needs at once, and the files that a name look-up reads. */
const SPARE_FILES = 16;

const spare: number[] = [];

/** Keeps some files open, whose places are for connections when tasks have opened as many as the process may. */
export function keepSpareFiles(): void {
  try {
    while (spare.length < SPARE_FILES) spare.push(openSync(devNull, 'r'));
  } catch {
    // There is no room now. It is tried again.
  }
}

/** Closes them if nothing else can be opened. */
export function useSpareFiles(): void {
  try {
    closeSync(openSync(devNull, 'r'));
  } catch {
    for (const file of spare.splice(0)) closeSync(file);
  }
}
