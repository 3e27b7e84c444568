import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { lockFile } from './lib/file-lock.ts';

const ENDS_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 100;

/** The edge that uses a state folder, or used it last. Its process id is also the id of its process group. */
const Owner = z.object({ pid: z.int().positive(), since: z.iso.datetime(), isEnding: z.boolean() });
export type Owner = z.infer<typeof Owner>;

export interface StateLock {
  /** The edge that held the folder before. */
  readonly former: Owner | undefined;
  /** Makes an edge that starts now wait for the end of this one. */
  markEnding(): void;
}

/**
 * Locks a state folder for this process until the process ends. If another edge holds the folder and is about to
 * end, this waits for it.
 *
 * @param stateDir a folder that exists.
 * @throws {Error} if another edge uses it.
 */
export async function lockState(stateDir: string): Promise<StateLock> {
  const path = join(stateDir, 'edge.json');
  const deadline = Date.now() + ENDS_WITHIN_MS;
  while (!lockFile(join(stateDir, 'edge.lock'))) {
    const owner = readOwner(path);
    if (!owner?.isEnding || Date.now() > deadline) throw new Error(inUse(stateDir, owner));
    await sleep(LOOK_EVERY_MS);
  }
  const former = readOwner(path);
  const owner: Owner = { pid: process.pid, since: new Date().toISOString(), isEnding: false };
  writeFileSync(path, JSON.stringify(owner));
  return {
    former,
    markEnding() {
      try {
        writeFileSync(path, JSON.stringify({ ...owner, isEnding: true }));
      } catch {
        // The folder was removed, so no edge can wait for it.
      }
    },
  };
}

function inUse(stateDir: string, owner: Owner | undefined): string {
  if (!owner) return `Another edge uses the folder ${stateDir}. Stop it, or set STATE_DIR to another folder.`;
  const { pid, since } = owner;
  return (
    `The edge of process ${pid} uses the folder ${stateDir}, since ${since}. ` +
    `Stop it with Ctrl+C where it runs or with \`kill ${pid}\`, or set STATE_DIR to another folder.`
  );
}

function readOwner(path: string): Owner | undefined {
  try {
    return Owner.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // The file is missing or is being written.
    return undefined;
  }
}
