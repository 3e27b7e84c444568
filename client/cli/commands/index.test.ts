import assert from 'node:assert/strict';
import { test } from 'node:test';
import yargs from 'yargs';
import { addClientCommands } from './index.ts';

const ID = '01a20b7b-d309-7000-9542-e9e3ee7d0000';

for (const [line, sentence] of [
  ['submit', /^Expected either a task type, `submit TYPE`, or a file of tasks, `submit --batch FILE`$/],
  ['submit a --batch -', /^Expected either a task type/],
  ['submit a --payload', /^--payload: Expected a value, got none$/m],
  ['submit a --payload @absent.json', /^--payload: absent\.json cannot be read \(ENOENT: no such file or/],
  ['submit a --payload {', /^--payload is not JSON: .* at line 1, column 2\n {2}\{\n {3}\^$/],
  ['submit a --priority high', /^--priority: Expected a number, got "high"$/],
  ['submit a --run-at soon', /^--run-at: Expected a time such as .*, got "soon"$/],
  ['submit a --wait-timeout 3', /^--wait-timeout: Expected --wait as well/],
  ['submit a --timeout-seconds 3', /^--wait-timeout: Expected --wait as well/],
  ['submit a --delay 1 --delay 2', /^--delay: Expected one value, got 2$/],
  ['list --limit 3 --limit 4', /^--limit: Expected one value, got 2$/],
  ['submit --batch /absent', /^--batch: \/absent cannot be read \(ENOENT: no such file or directory\)$/],
  ['submit --batch x --priority 3', /^Expected --batch or --priority, got both$/m],
  ['submit --batch x --wait', /^Expected --batch or --wait, got both$/m],
  ['status', /^Not enough non-option arguments: got 0, need at least 1\nRun "runner --help" or/],
  ['status abc', /^Expected a task id as returned by a submission, got "abc"$/],
  ['watch abc', /^Expected a task id as returned by a submission, got "abc"$/],
  [`status ${ID} ${ID}`, /^Unknown argument: 01a20b7b/],
  ['list --wrong', /^Unknown argument: wrong\nRun "runner --help" or/],
  ['list --status odd', /Given: "odd", Choices: "pending", /],
  ['list --limit 0', /^--limit: Expected a number of at least 1, got 0$/],
  ['list --limit 3 --all', /^Expected --all or --limit, got both$/m],
  ['list --created-after soon', /^--created-after: Expected a time such as/],
  [
    'list --api-url localhost:8787',
    /^--api-url \(API_WORKER_URL\): Expected an http or https URL, got "localh/,
  ],
  ['cancel', /^Expected task ids, or --all; add --type, --tag or --status to select fewer tasks$/],
  ['retry --type a', /^Expected task ids, or --all;/],
  [`cancel ${ID} --all`, /^Expected either task ids, or --all with filters, got both$/],
  [`retry ${ID} --tag a`, /^Expected either task ids, or --all/],
  ['cancel --all --status failed', /Given: "failed", Choices: "pending", "processing"/],
] as const) {
  test(`\`${line}\` is refused with an explanation`, async () => {
    const run = async () => addClientCommands(yargs(line.split(' '))).parseAsync();
    await assert.rejects(run, ({ message }: Error) => {
      assert.match(message, sentence);
      return true;
    });
  });
}
