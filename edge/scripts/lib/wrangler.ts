import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Runs wrangler. */
export interface Wrangler {
  /** Prints its output. Throws if it fails. `input` is its standard input. */
  show(args: readonly string[], input?: string): void;
  /** Returns its output. Throws if it fails. */
  read(args: readonly string[]): string;
}

/** The file of wrangler's command, in the folder where npm has installed it. */
export const WRANGLER = join(
  dirname(createRequire(import.meta.url).resolve('wrangler')),
  '../bin/wrangler.js',
);
