import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../tasks/testing/context.ts';
import { taskFolder, taskSource } from '../testing/task-files.ts';
import { BUILT_IN_TYPES, builtInFiles } from './built-in.ts';
import { loadCatalog } from './catalog.ts';

test('the catalog loads the built-in task types and those in your own folder, with their settings', async (t) => {
  const settings = `timeoutSeconds: 1.5, maxAttempts: 7, backoff: { baseSeconds: 2 }`;
  const folder = await taskFolder(t, {
    'own.ts': taskSource('own/one', settings),
    'plain.mjs': taskSource('two'),
  });
  const catalog = await loadCatalog([folder], builtInFiles(BUILT_IN_TYPES));
  assert.deepEqual([...catalog.keys()].toSorted(), [...BUILT_IN_TYPES, 'own/one', 'two'].toSorted());
  assert.equal(catalog.get('heavy')?.lane, 'cpu');
  assert.equal(catalog.get('test')?.lane, 'io');
  const { module, ...entry } = catalog.get('own/one') ?? assert.fail('the type is missing');
  assert.match(module, /^file:.*own\.ts$/);
  assert.deepEqual(entry, {
    type: 'own/one',
    lane: 'cpu',
    file: join(folder, 'own.ts'),
    timeoutSeconds: 1.5,
    maxAttempts: 7,
    backoff: { baseSeconds: 2 },
    memoryMb: 1024,
  });
});

test('the folder of the built-in task types contains exactly the types that can be selected', async () => {
  const types = [...(await loadCatalog([join(import.meta.dirname, '../tasks')])).keys()];
  assert.deepEqual(types.toSorted(), [...BUILT_IN_TYPES]);
});

test('built-in task types that are not selected are not loaded, and their names are free', async (t) => {
  const folder = await taskFolder(t, { 'email.ts': taskSource('email') });
  const catalog = await loadCatalog([folder], builtInFiles(['image']));
  assert.deepEqual([...catalog.keys()].toSorted(), ['email', 'image']);
  assert.equal(catalog.get('email')?.file, join(folder, 'email.ts'));
  await assert.rejects(
    loadCatalog([folder], builtInFiles(['email'])),
    /: rename yours, or leave the built-in one out with --built-in \(BUILT_IN\)$/,
  );
});

test('tests, declarations, folders and other files are not task types', async (t) => {
  const folder = await taskFolder(t, {
    'own.ts': taskSource('own'),
    'own.test.ts': 'process.exit(1)',
    'other.test.mjs': 'process.exit(1)',
    'own.d.ts': 'throw 1',
    'own.d.mts': 'throw 1',
    'lib/helper.ts': 'throw 1',
    'README.md': '# Tasks',
    'data.json': '{}',
  });
  assert.deepEqual([...(await loadCatalog([folder])).keys()], ['own']);
});

test('an empty folder has no task types', async (t) => {
  assert.equal((await loadCatalog([await temporaryFolder(t)])).size, 0);
});

test('a name that two files declare is refused, and the error names both files', async (t) => {
  const folder = await taskFolder(t, { 'mine.ts': taskSource('same'), 'other.ts': taskSource('other') });
  const second = await taskFolder(t, { 'theirs.ts': taskSource('same') });
  await assert.rejects(loadCatalog([folder, second]), ({ message }: Error) => {
    assert.match(message, /"same".*rename one of them$/);
    return message.includes(join(folder, 'mine.ts')) && message.includes(join(second, 'theirs.ts'));
  });
});

const WRONG: Record<string, { source: string; sentence: RegExp }> = {
  'a file without a default export': {
    source: 'export const task = 1;',
    sentence: /declares no task type: expected `export default defineTask/,
  },
  'a default export that is not an object': { source: 'export default () => 1;', sentence: /no task type/ },
  'a wrong lane': { source: taskSource('wrong', `lane: 'gpu'`), sentence: /lane.*"cpu" or "io"/ },
  'a wrong type': { source: taskSource('no spaces'), sentence: /type: Expected letters/ },
  'a payload that is not a schema': {
    source: taskSource('wrong', 'payload: {}'),
    sentence: /payload.*zod schema/,
  },
  'a run that is not a function': { source: taskSource('wrong', 'run: 1'), sentence: /run.*function/ },
  'a wrong number': { source: taskSource('wrong', 'maxAttempts: 0'), sentence: /maxAttempts/ },
  'a misspelled option': {
    source: taskSource('wrong', 'timeoutSecs: 1, maxAtempts: 2'),
    sentence:
      /`timeoutSecs` is no option of a task type; did you mean `timeoutSeconds`\?; `maxAtempts` .*`maxAttempts`\?/,
  },
  'an unknown option': {
    source: taskSource('wrong', `description: 'x'`),
    sentence: /`description` is no option of a task type; the options are type, lane, .*, payload, run/,
  },
  'a syntax error': { source: 'export default {', sentence: /cannot be loaded: .+/ },
  'an import of a missing file': { source: `import './absent.ts';`, sentence: /absent\.ts/ },
  'an Error thrown at load': {
    source: `throw new Error('no licence');`,
    sentence: /cannot be loaded: no licence/,
  },
  'a text thrown at load': { source: `throw 'a text';`, sentence: /cannot be loaded: a text/ },
};

test('the error contains the file and the reason for each wrong file, and does not name other files', async (t) => {
  const kinds = Object.entries(WRONG);
  const files = kinds.map(([, { source }], index) => [`wrong-${index}.ts`, source]);
  const folder = await taskFolder(t, { ...Object.fromEntries(files), 'right.ts': taskSource('right') });
  const refusal = await refusalOf(folder);
  assert.ok(!refusal.includes('right.ts'), `the error names a correct file: ${refusal}`);
  for (const [index, [kind, { sentence }]] of kinds.entries()) {
    await t.test(`${kind} is refused`, () => {
      const from = refusal.indexOf(join(folder, `wrong-${index}.ts`));
      assert.notEqual(from, -1, 'the error does not name the file');
      assert.match(refusal.slice(from), sentence);
    });
  }
});

test('a file that Node reads as CommonJS is refused with advice', async (t) => {
  for (const name of ['own.ts', 'own.js']) {
    const folder = await taskFolder(t, { 'package.json': '{"type":"commonjs"}', [name]: taskSource('own') });
    assert.match(
      await refusalOf(folder),
      new RegExp(`set "type": "module" in the package.json .*, or name it ${name.replace('.', '.m')}$`),
    );
  }
  const exported = { 'package.json': '{"type":"commonjs"}', 'own.ts': 'export default 1;' };
  assert.match(await refusalOf(await taskFolder(t, exported)), /set "type": "module"/);
});

test('the error for a missing package explains how to install it', async (t) => {
  const folder = await taskFolder(t, { 'own.mjs': `import '@absent/package/part';` });
  assert.match(await refusalOf(folder), /; install it in the project .*: npm install @absent\/package$/);
});

for (const [written, missing, existing] of [
  ['./lib/helper.js', 'helper.js', 'lib/helper.ts'],
  ['./lib/helper', 'helper', 'lib/helper.ts'],
  ['./lib', 'lib', 'lib/index.ts'],
  ['../other.mjs', 'other.mjs', '../other.mts'],
] as const) {
  test(`the error for an import of '${written}' names the file that exists`, async (t) => {
    const folder = await taskFolder(t, {
      [join('tasks', existing)]: 'export default 1;',
      'tasks/own.ts': `import '${written}';`,
    });
    const name = existing.startsWith('.') ? existing : `./${existing}`;
    assert.match(
      await refusalOf(join(folder, 'tasks')),
      new RegExp(`${missing}'.*; import '${name.replaceAll('.', '\\.')}', because Node takes`),
    );
  });
}

test('the error for a syntax error names its line, and its file if that is another one', async (t) => {
  const folder = await taskFolder(t, {
    'own.ts': 'const a = 1;\nexport default {\n  a: 1,,\n}',
    'other.ts': `import './lib/bad.ts';`,
    'lib/bad.ts': 'export const a = 1;\nexport enum Bad { A }',
    'third.ts': 'export namespace Third { export const a = 1 }',
  });
  const refusal = await refusalOf(folder);
  assert.match(refusal, /own\.ts cannot be loaded: .* \(line 3\)/);
  assert.match(
    refusal,
    /other\.ts cannot be loaded: TypeScript enum .* \(\S*bad\.ts, line 2\); Node only removes types: use a union of strings/,
  );
  assert.match(
    refusal,
    /third\.ts cannot be loaded: TypeScript namespace .* \(line 1\); .*"erasableSyntaxOnly": true/,
  );
});

test('the error for a file that ends its thread while it loads names the file', async (t) => {
  const folder = await taskFolder(t, { 'wrong.ts': 'process.exit(0);', 'right.ts': taskSource('right') });
  const refusal = await refusalOf(folder);
  assert.match(refusal, /process\.exit\(\)/);
  assert.ok(refusal.includes(join(folder, 'wrong.ts')), `the error does not name the file: ${refusal}`);
});

async function refusalOf(folder: string): Promise<string> {
  const refusal = await loadCatalog([folder]).then(
    () => assert.fail('expected the folder to be refused'),
    (error: unknown) => error,
  );
  assert.ok(refusal instanceof Error);
  return refusal.message;
}

test('the error for a missing folder contains its path and says what to do', async (t) => {
  const folder = join(await temporaryFolder(t), 'absent');
  await assert.rejects(loadCatalog([folder]), ({ message }: Error) => {
    assert.match(message, /; create it, or correct --tasks \(TASKS_DIR\)$/);
    return message.includes(folder);
  });
});

test('the main thread never loads a task file', async (t) => {
  const record = join(await temporaryFolder(t), 'record');
  const source = `
    import { appendFileSync } from 'node:fs';
    import { isMainThread } from 'node:worker_threads';
    appendFileSync('${record}', isMainThread ? 'main ' : 'thread ');
    ${taskSource('own')}`;
  await loadCatalog([await taskFolder(t, { 'own.ts': source })]);
  assert.equal(await readFile(record, 'utf8'), 'thread ');
});
