import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BatchSubmitted, TaskList } from '../../edge/contract/api.ts';
import { freePort } from '../../edge/scripts/lib/local-edge.ts';
import { guardedEdge, openEdge, TOKENS } from '../../edge/testing/shared-edges.ts';
import { waitFor } from '../../edge/testing/wait-for.ts';
import type { CliOptions } from '../testing/run-cli.ts';
import { answerJson, startServer } from '../testing/server.ts';
import { ID, openCli, TOGETHER } from '../testing/test-cli.ts';

const edge = openEdge();
const guarded = guardedEdge();
const cli = openCli();

describe('the connection', TOGETHER, () => {
  test('the error for an address that does not answer names the address and the flag to check', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const reason = `does not answer \\(ECONNREFUSED\\): check the URL \\(--api-url, API_WORKER_URL\\)$`;
    const sentence = new RegExp(`^The API Worker at ${nowhere} ${reason}`, 'm');
    await Promise.all([
      cli.fails(['stats', '--api-url', nowhere], sentence),
      cli.fails(['runners', '--json'], sentence, { env: { API_WORKER_URL: nowhere } }),
    ]);
  });

  test('the answer of a server cannot control the terminal', async (t) => {
    const { url } = await startServer(t, (_request, response) => {
      const error = 'gone\u001b[2J\u009b31m\u202e';
      answerJson(response, 404, { success: false, code: 'invalid_request', error });
    });
    const { stdout, stderr } = await cli.run(['stats', '--api-url', url]);
    assert.match(stderr, /^gone\\u001b\[2J\\u009b31m\\u202e/);
    assert.doesNotMatch(`${stdout}${stderr}`, /(?!\n)[\p{Cc}\u202e]/u);
  });

  test('the help lists commands and exit codes, and a shell can complete the commands', async () => {
    const shell = { env: { SHELL: '/bin/bash' }, input: '' };
    const [help, completion, words] = await Promise.all([
      cli.done(['--help'], { input: '' }),
      cli.done(['completion'], shell),
      cli.done(['--get-yargs-completions', 'runner', 'st'], shell),
    ]);
    assert.match(
      help,
      /Exit codes: 0 success; 1 an error.*; 2 the task .*\n.*; 3 the task did not end in time/,
    );
    const commands = ['submit', 'status', 'watch', 'list', 'cancel', 'retry', 'stats', 'runners', 'pause'];
    for (const command of [...commands, 'resume', 'completion']) {
      assert.match(help, new RegExp(`^ +runner ${command} `, 'm'));
    }
    assert.match(completion, /complete .*runner/);
    for (const word of ['submit', 'status', 'init']) assert.ok(words.split('\n').includes(word), words);
  });

  test('the command ends without a message if the reader of its output stops reading', async () => {
    const tasks = Array.from({ length: 1000 }, () => ({ type: 'cli-pipe', delaySeconds: 600 }));
    await edge.api.read('/tasks/batch', BatchSubmitted, { tasks });
    await waitFor('the tasks', async () => {
      const { count } = await edge.api.read('/tasks?type=cli-pipe&limit=1000', TaskList);
      return count === 1000 ? true : undefined;
    });
    const onOutput: CliOptions['onOutput'] = (child) => child.stdout?.destroy();
    const { ended, stderr } = await cli.run(['list', '--type', 'cli-pipe', '--all', '--json'], { onOutput });
    assert.deepEqual([ended, stderr], [0, '']);
  });
});

test('if tokens are configured, a command needs a client token', async () => {
  const at = { API_WORKER_URL: await guarded.listen() };
  const [id] = await Promise.all([
    cli.done(['submit', 'cli-token', '--token', TOKENS.client], { env: at }),
    cli.done(['stats'], { env: { ...at, API_TOKEN: TOKENS.client } }),
    cli.fails(['stats'], /^Expected the header .*, got none: check the token.* \(--token, API_TOKEN\)$/m, {
      env: at,
    }),
    cli.fails(
      ['list', '--token', 'wrong'],
      /^This token is not valid: check the token.* \(--token, API_TOKEN\)$/m,
      { env: at },
    ),
    cli.fails(['submit', 'a'], /takes a token of API_TOKENS: check the/, {
      env: { ...at, API_TOKEN: TOKENS.runner },
    }),
  ]);
  assert.match(id, ID);
});
