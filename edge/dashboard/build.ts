/**
 * Bundles the dashboard into `dist/`: `index.html`, and beside it under `assets/` files that are named by their
 * content. Prints how large they are.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { build, type Plugin } from 'esbuild';

/**
 * zod's `z` is one value that holds all of zod, messages in sixty languages included. esbuild leaves out what is
 * not used of a namespace only where it is imported as one.
 */
const leanZod: Plugin = {
  name: 'lean-zod',
  setup({ onLoad }) {
    onLoad({ filter: /\/(contract|client|app)\/[^/]+\.tsx?$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace("import { z } from 'zod'", "import * as z from 'zod'"),
      loader: path.endsWith('x') ? 'tsx' : 'ts',
    }));
  },
};

const folder = import.meta.dirname;
const dist = join(folder, 'dist');
const assets = join(dist, 'assets');

await rm(dist, { recursive: true, force: true });
const { metafile } = await build({
  // `theme` is a script of its own: it runs before the first paint.
  entryPoints: {
    main: 'app/main.tsx',
    style: 'app/styles/main.css',
    theme: 'app/theme.ts',
    icon: 'icon.svg',
  },
  absWorkingDir: folder,
  outdir: assets,
  entryNames: '[name]-[hash]',
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2024',
  tsconfig: 'tsconfig.json',
  loader: { '.svg': 'copy' },
  legalComments: 'none',
  plugins: [leanZod],
  metafile: true,
});

const page = await readFile(join(folder, 'index.html'), 'utf8');
const files = await readdir(assets);
const html = page.replace(/\/assets\/(\w+)(\.\w+)/g, (_, name: string, extension: string) => {
  const file = files.find((built) => built.startsWith(`${name}-`) && built.endsWith(extension));
  if (!file) throw new Error(`index.html wants ${name}${extension}, which was not built`);
  return `/assets/${file}`;
});
await mkdir(dist, { recursive: true });
await writeFile(join(dist, 'index.html'), html);

const compress = promisify(gzip);
let total = 0;
for (const path of Object.keys(metafile.outputs)) {
  const content = await readFile(join(folder, path));
  const zipped = (await compress(content)).length;
  total += zipped;
  console.log(`${path.padEnd(36)} ${kilobytes(content.length)}, ${kilobytes(zipped)} compressed`);
}
console.log(`${'Dashboard'.padEnd(36)} ${kilobytes(total)} compressed in all`);

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
