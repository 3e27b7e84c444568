import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readSettings, withSettings } from './deploy-settings.ts';

function settingsFile(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'task-queue-deploy-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'deploy.jsonc');
  writeFileSync(path, text);
  return path;
}

test('without a file there are no settings', () => {
  assert.deepEqual(readSettings('/nowhere/deploy.jsonc'), {});
});

test('variables become strings, even if the file contains numbers', (t) => {
  const path = settingsFile(
    t,
    '{ "api": { "vars": { "RETENTION_HOURS": 48 } }, /* none */ "consumer": {}, }',
  );
  assert.deepEqual(readSettings(path), { api: { vars: { RETENTION_HOURS: '48' } }, consumer: {} });
});

test('settings add variables and replace other keys', () => {
  const config = { name: 'task-api-v2', vars: { A: '1', B: '2' }, routes: ['old'] };
  assert.deepEqual(withSettings(config, { vars: { LOG_LEVEL: 'debug' }, routes: ['new'] }), {
    name: 'task-api-v2',
    vars: { A: '1', B: '2', LOG_LEVEL: 'debug' },
    routes: ['new'],
  });
  assert.deepEqual(withSettings(config), config);
});

for (const [what, text, sentence] of [
  ['is not JSON', '{ "api": ', /deploy\.jsonc is not JSON: \w+ in line 1$/],
  [
    'names an unknown worker',
    '{ "buffer": {} }',
    /deploy\.jsonc: Unknown key "buffer": expected "api" or "consumer"$/,
  ],
  ['renames a worker', '{ "api": { "name": "mine" } }', /api: .*"name"/],
  [
    'has a key that a deployment cannot change',
    '{ "api": { "var": {} } }',
    /api: Unknown key "var": expected "vars" or one of routes, /,
  ],
  [
    'has a variable outside `vars`',
    '{ "api": { "LOG_LEVEL": "info" } }',
    /api: LOG_LEVEL .* put it into "vars"$/,
  ],
  [
    'has an origin without a scheme',
    '{ "api": { "vars": { "ALLOWED_ORIGINS": "example.com" } } }',
    /ALLOWED_ORIGINS: Expected origins separated by commas/,
  ],
  [
    'has an unknown variable',
    '{ "api": { "vars": { "RETENTION": "1" } } }',
    /api\.vars: Unknown variable "RETENTION": expected one of .*RETENTION_HOURS/,
  ],
  [
    'gives a variable to the other worker',
    '{ "consumer": { "vars": { "RETENTION_HOURS": "1" } } }',
    /consumer\.vars: RETENTION_HOURS is a setting of "api"$/,
  ],
  [
    'gives a variable of the Consumer Worker to the API Worker',
    '{ "api": { "vars": { "FULL_BYTES": "1" } } }',
    /api\.vars: FULL_BYTES is a setting of "consumer"$/,
  ],
  [
    'has tokens of clients',
    '{ "api": { "vars": { "API_TOKENS": "secret" } } }',
    /api\.vars: API_TOKENS is a secret: set it with `npm run deploy -- --set-tokens client`/,
  ],
  [
    'has tokens of runners',
    '{ "consumer": { "RUNNER_TOKENS": "secret" } }',
    /consumer: RUNNER_TOKENS is a secret: set it with `npm run deploy -- --set-tokens runner`/,
  ],
  [
    'has a size with a unit',
    '{ "consumer": { "vars": { "FULL_BYTES": "5 GB" } } }',
    /consumer\.vars\.FULL_BYTES: Expected a number of at least 0, without a unit/,
  ],
  [
    'has a wrong number for a type',
    '{ "api": { "vars": { "RETENTION_HOURS": "24, report=soon" } } }',
    /api\.vars\.RETENTION_HOURS: Expected a number, or numbers of task types/,
  ],
] as const) {
  test(`a file that ${what} is refused with a sentence`, (t) => {
    assert.throws(() => readSettings(settingsFile(t, text)), { message: sentence });
  });
}
