/**
 * Bundles the pages of the workers into `dist/`: the dashboard, `index.html`, and the reference of the calls,
 * `reference.html`; and beside them under `assets/` files that are named by their content. Prints how large
 * they are.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { build } from 'esbuild';

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
    reference: '../reference/main.ts',
    referenceStyle: '../reference/style.css',
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
  metafile: true,
});

await mkdir(dist, { recursive: true });
const files = await readdir(assets);
for (const page of ['index.html', '../reference/reference.html']) {
  const html = await readFile(join(folder, page), 'utf8');
  await writeFile(join(dist, basename(page)), html.replace(/\/assets\/(\w+)(\.\w+)/g, nameOf));
}

/** The name under which a file of a page was built. */
function nameOf(wanted: string, name: string, extension: string): string {
  const file = files.find((built) => built.startsWith(`${name}-`) && built.endsWith(extension));
  if (!file) throw new Error(`A page wants ${wanted}, which was not built`);
  return `/assets/${file}`;
}

const compress = promisify(gzip);
let total = 0;
for (const path of Object.keys(metafile.outputs)) {
  const content = await readFile(join(folder, path));
  const zipped = (await compress(content)).length;
  total += zipped;
  console.log(`${path.padEnd(36)} ${kilobytes(content.length)}, ${kilobytes(zipped)} compressed`);
}
console.log(`${'All pages'.padEnd(36)} ${kilobytes(total)} compressed in all`);

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
