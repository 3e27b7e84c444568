import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileFailure } from './file-failure.ts';

function systemError(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: ${syscall} '/srv/secret/a.csv'`), { code, syscall });
}

for (const [code, syscall, name, advice] of [
  ['EACCES', 'open', 'NonRetryableError', "give the runner's user the permission"],
  ['EROFS', 'mkdir', 'NonRetryableError', 'its file system is read-only'],
  [
    'EPERM',
    'link',
    'NonRetryableError',
    'its file system has no hard links; set `overwrite: true`, which needs none',
  ],
  ['ENOSPC', 'write', 'Error', 'the disk is full; free some space'],
  ['EIO', 'read', 'Error', 'check the disk of the runner'],
] as const) {
  test(`the error for ${code} of ${syscall} contains advice and no path of this machine`, () => {
    const failure = fileFailure(systemError(code, syscall), 'The runner cannot read `a.csv`');
    assert.ok(failure instanceof Error);
    assert.equal(failure.name, name);
    assert.equal(failure.message, `The runner cannot read \`a.csv\` (${code}): ${advice}.`);
  });
}

test('an error that the system did not throw stays unchanged', () => {
  const error = new Error('no');
  assert.equal(fileFailure(error, 'The runner cannot read `a.csv`'), error);
});
