/**
 * Bundles the pages of the workers into `dist/`: the dashboard, `index.html`, and the reference of the calls,
 * `reference.html`. Their other files go to `assets/`, with names that contain a hash. Prints their sizes.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { build } from 'esbuild';
import { buildFolder } from '../scripts/lib/build-folder.ts';

const folder = import.meta.dirname;

if (!(await buildFolder(join(folder, 'dist'), buildPages))) console.log('The pages are up to date');

async function buildPages(target: string): Promise<void> {
  const assets = join(target, 'assets');
  const { metafile } = await build({
    // `theme` is a separate script: it runs before the first paint.
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

  const files = await readdir(assets);
  for (const page of ['index.html', '../reference/reference.html']) {
    const html = await readFile(join(folder, page), 'utf8');
    const named = html.replace(/\/assets\/(\w+)(\.\w+)/g, (wanted, name: string, extension: string) =>
      nameOf(files, wanted, name, extension),
    );
    await writeFile(join(target, basename(page)), named);
  }
  await printSizes(Object.keys(metafile.outputs));
}

/** The built name of a file that a page refers to. */
function nameOf(files: readonly string[], wanted: string, name: string, extension: string): string {
  const file = files.find((built) => built.startsWith(`${name}-`) && built.endsWith(extension));
  if (!file) throw new Error(`A page refers to ${wanted}, which was not built`);
  return `/assets/${file}`;
}

async function printSizes(paths: readonly string[]): Promise<void> {
  const compress = promisify(gzip);
  let total = 0;
  for (const path of paths) {
    const content = await readFile(join(folder, path));
    const zipped = (await compress(content)).length;
    total += zipped;
    console.log(`${basename(path).padEnd(36)} ${kilobytes(content.length)}, ${kilobytes(zipped)} compressed`);
  }
  console.log(`${'All pages'.padEnd(36)} ${kilobytes(total)} compressed in total`);
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
