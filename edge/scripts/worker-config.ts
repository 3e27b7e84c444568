import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'jsonc-parser';

/** A worker's configuration as the base of a variant. Its paths are absolute, so any folder can use it. */
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
