import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { FakeEdge } from '../testing/fake-edge.ts';

const CLIENT = pathToFileURL(join(import.meta.dirname, 'edge-client.ts')).href;

/** Calls the edge, waits until the idle connection is closed, opens the maximum of files, and calls again. */
const SOURCE = `
import { openSync } from 'node:fs';
const { EdgeClient } = await import('${CLIENT}');
const [queueUrl] = process.argv.slice(1);
const client = new EdgeClient({ queueUrl, apiUrl: queueUrl });
const call = () => client.queueHealth({ signal: new AbortController().signal }).then(() => 'answered', (error) => error.message);
await call();
await new Promise((resolve) => setTimeout(resolve, 6000));
try { for (;;) openSync('/dev/null'); } catch {}
console.log(JSON.stringify([await call(), await call(), await call()]));
process.exit();
`;

test('a runner whose tasks have opened all files connects again', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const { queueUrl } = await FakeEdge.start(t);
  const node = [process.execPath, '--input-type=module', '-e', SOURCE, queueUrl];
  const { stdout } = await promisify(execFile)('prlimit', ['--nofile=200', ...node]);
  const [first, ...later] = JSON.parse(stdout);
  assert.match(first, /does not answer \(EMFILE\)/);
  assert.deepEqual(later, ['answered', 'answered']);
});
