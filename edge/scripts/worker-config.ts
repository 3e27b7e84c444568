import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'jsonc-parser';

/** A worker's configuration for a variant of it, to be used from any folder: its own paths are absolute. */
export function workerConfig(worker: 'api' | 'buffer') {
  const path = join(import.meta.dirname, '..', worker, 'wrangler.jsonc');
  const { $schema: _, ...config } = parse(readFileSync(path, 'utf8'));
  const absolute = (relative: string) => join(dirname(path), relative);
  return {
    ...config,
    main: absolute(config.main),
    assets: { ...config.assets, directory: absolute(config.assets.directory) },
  };
}
