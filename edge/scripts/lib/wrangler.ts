import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The file of wrangler's command, wherever npm has installed it. */
export const WRANGLER = join(
  dirname(createRequire(import.meta.url).resolve('wrangler')),
  '../bin/wrangler.js',
);
