/** Builds a folder from a file. When it is half done, it prints that and waits for the end of its input. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { buildFolder } from '../build-folder.ts';

const [folder = '', source = ''] = process.argv.slice(2);

const isBuilt = await buildFolder(
  folder,
  async (target) => {
    await cp(source, join(target, 'built'), { recursive: true });
    console.log('half done');
    await text(process.stdin);
  },
  [source],
);
console.log(isBuilt ? 'built' : 'up to date');
