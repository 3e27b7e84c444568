import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..');
const LINK = /\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g;
const FENCE = /^```[\s\S]*?^```/gm;
const CODE = /`[^`\n]+`/g;
/** A path of this project in the text, such as `edge/contract/`. */
const PATH = /`((?:bench|client|docs|edge|runner)\/[\w./-]*)`/g;

async function pages(): Promise<string[]> {
  const folders = ['.', 'docs', 'bench', 'bench/results'];
  const lists = await Promise.all(
    folders.map(async (folder) => (await readdir(join(ROOT, folder))).map((name) => join(folder, name))),
  );
  return lists.flat().filter((path) => path.endsWith('.md'));
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const headings = text.replace(FENCE, '').matchAll(/^#+ (.+)$/gm);
  const anchor = (heading: string) =>
    heading
      .replaceAll(CODE, (code) => code.slice(1, -1))
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
  return new Set([...headings].map(([, heading = '']) => anchor(heading)));
}

async function exists(path: string): Promise<boolean> {
  const names = await readdir(dirname(path)).catch((): string[] => []);
  return path === ROOT || names.includes(path.slice(dirname(path).length + 1));
}

for (const page of await pages()) {
  test(`${page} links to what exists`, async () => {
    const text = await readFile(join(ROOT, page), 'utf8');
    const prose = text.replace(FENCE, '').replace(CODE, '');
    for (const [, inText, inTag] of prose.matchAll(LINK)) {
      const link = inText ?? inTag ?? '';
      if (/^[a-z]+:/.test(link)) continue;
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? join(ROOT, page) : resolve(ROOT, dirname(page), path);
      assert.ok(await exists(target), `${link}: there is no ${relative(ROOT, target)}`);
      if (anchor === undefined) continue;
      assert.ok(anchorsOf(await readFile(target, 'utf8')).has(anchor), `${link}: there is no such heading`);
    }
  });

  test(`${page} names files that exist`, async () => {
    const text = (await readFile(join(ROOT, page), 'utf8')).replace(FENCE, '');
    for (const [, path = ''] of text.matchAll(PATH)) {
      if (/\/dist(\/|$)/.test(path)) continue;
      assert.ok(await exists(resolve(ROOT, path)), `There is no ${path}`);
    }
  });
}

test('the README has at most 1,000 words', async () => {
  const words = (await readFile(join(ROOT, 'README.md'), 'utf8')).split(/\s+/).filter(Boolean);
  assert.ok(words.length <= 1000, `It has ${words.length}`);
});
