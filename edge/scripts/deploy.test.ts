import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { CONFIGS, deploy } from './deploy.ts';
import { setTokens } from './deploy-tokens.ts';
import type { Wrangler } from './lib/wrangler.ts';

const SCRIPT = join(import.meta.dirname, 'deploy.ts');

/** An account as wrangler would show it, and the calls that changed it. */
function fakeAccount({
  queues = [],
  namespaces = [],
  secrets = [],
}: {
  queues?: string[];
  namespaces?: string[];
  secrets?: string[];
}) {
  const calls: string[] = [];
  const uploads: { config: { name: string; kv_namespaces?: object[] }; input?: string }[] = [];
  const wrangler: Wrangler = {
    show(args, input) {
      if (args.includes('--dry-run')) return;
      const [command, ...rest] = args;
      calls.push([command, ...rest.filter((arg) => !arg.startsWith('/'))].join(' '));
      if (command === 'kv') namespaces.push(rest.at(-1) ?? '');
      const config = args.at(-1) ?? '';
      if (command === 'deploy' || command === 'secret') {
        uploads.push({
          config: JSON.parse(readFileSync(config, 'utf8')),
          ...(input !== undefined && { input }),
        });
      }
    },
    read(args) {
      if (args[0] === 'queues') {
        if (queues.includes(args.at(-1) ?? '')) return '';
        throw new Error('not found');
      }
      if (args[0] === 'kv')
        return JSON.stringify(namespaces.map((title) => ({ id: `id-of-${title}`, title })));
      return JSON.stringify(secrets.map((name) => ({ name, type: 'secret_text' })));
    },
  };
  return { wrangler, calls, uploads };
}

test('a first deployment creates queues, namespace and tokens, and uploads the Consumer Worker first', (t) => {
  t.mock.method(console, 'log', () => {});
  const { wrangler, calls, uploads } = fakeAccount({});
  deploy(wrangler);
  assert.deepEqual(calls, [
    'queues create task-queue-v2',
    'queues create task-dead-letter-v2',
    'kv namespace create task-storage-v2',
    'deploy --config',
    'deploy --config',
    'secret bulk --config',
    'secret bulk --config',
  ]);
  assert.deepEqual(
    uploads.slice(0, 2).map(({ config }) => config.name),
    ['queue-buffer-v2', 'task-api-v2'],
  );
  for (const { config } of uploads.slice(0, 2)) {
    assert.deepEqual(config.kv_namespaces, [{ binding: 'TASK_STORAGE', id: 'id-of-task-storage-v2' }]);
  }
  const [first, second] = uploads.slice(2).map(({ input }) => JSON.parse(input ?? ''));
  assert.deepEqual(first, second, 'both workers get the same tokens');
  assert.deepEqual(Object.keys(first), ['API_TOKENS', 'RUNNER_TOKENS']);
  assert.match(first.API_TOKENS, /^[\w-]{43}$/);
});

test('a repeated deployment creates nothing again and keeps the tokens', () => {
  const { wrangler, calls } = fakeAccount({
    queues: ['task-queue-v2', 'task-dead-letter-v2'],
    namespaces: ['task-storage-v2'],
    secrets: ['API_TOKENS', 'RUNNER_TOKENS'],
  });
  deploy(wrangler);
  assert.deepEqual(calls, ['deploy --config', 'deploy --config']);
});

test('tokens are set on both workers, and only a new token is shown', (t) => {
  const shown = t.mock.method(console, 'log', () => {});
  const { wrangler, calls, uploads } = fakeAccount({});
  setTokens(wrangler, CONFIGS, 'client', ' old, new,old');
  assert.deepEqual(calls, ['secret bulk --config', 'secret bulk --config']);
  assert.deepEqual(
    uploads.map(({ config }) => config.name),
    ['queue-buffer-v2', 'task-api-v2'],
  );
  const [first, second] = uploads.map(({ input }) => JSON.parse(input ?? ''));
  assert.deepEqual(first, second);
  const [, token] = /^old,([\w-]{43})$/.exec(first.API_TOKENS) ?? assert.fail(first.API_TOKENS);
  const output = shown.mock.calls.map((call) => call.arguments.join(' ')).join('\n');
  assert.ok(output.includes(`  ${token}`) && output.includes('API_TOKENS has 2 tokens on both workers'));
  assert.doesNotMatch(output, /old/);
});

for (const list of ['', 'old,', 'two words', 'ol\u00e9', 'odd!tok#1', 'good,a=b']) {
  test(`the list of tokens ${JSON.stringify(list)} is refused and changes nothing`, () => {
    const { wrangler, calls } = fakeAccount({});
    assert.throws(
      () => setTokens(wrangler, CONFIGS, 'runner', list),
      /^Error: Expected tokens .* A token has only the letters .* Nothing was changed$/,
    );
    assert.deepEqual(calls, []);
  });
}

test('an unknown flag stops the deployment before anything is deployed', async () => {
  for (const [args, sentence] of [
    [['--dryrun'], /^Deployment stopped: .*--dryrun/],
    [['--set-tokens', 'admin'], /^Deployment stopped: --set-tokens: Expected client or runner, got "admin"/],
  ] as const) {
    await assert.rejects(promisify(execFile)(process.execPath, [SCRIPT, ...args]), ({ stderr }) => {
      assert.match(stderr, sentence);
      return true;
    });
  }
});

test('a flag that npm has taken for its own stops the deployment and says what to type', async () => {
  for (const [variable, args, sentence] of [
    ['npm_config_dry_run', [], /Type `npm run deploy -- --dry-run`/],
    ['npm_config_set_tokens', ['client'], /Type `npm run deploy -- --set-tokens client\|runner`/],
  ] as const) {
    const env = { ...process.env, [variable]: 'true', CLOUDFLARE_API_TOKEN: 'none' };
    await assert.rejects(promisify(execFile)(process.execPath, [SCRIPT, ...args], { env }), ({ stderr }) => {
      assert.match(stderr, sentence);
      return true;
    });
  }
});

test('the configuration with the account’s namespace is removed after the upload, even if the upload fails', () => {
  const { wrangler } = fakeAccount({});
  const failing: Wrangler = {
    ...wrangler,
    show(args, input) {
      if (args.at(-1)?.endsWith('wrangler.deploy.json')) throw new Error('upload refused');
      wrangler.show(args, input);
    },
  };
  assert.throws(() => deploy(failing), /upload refused/);
  assert.equal(existsSync(join(import.meta.dirname, '../api/wrangler.deploy.json')), false);
});

test('a configuration that a dry run refuses changes nothing', () => {
  const { wrangler, calls } = fakeAccount({});
  const refusing: Wrangler = {
    ...wrangler,
    show(args, input) {
      if (args.includes('--dry-run')) throw new Error('wrong route');
      wrangler.show(args, input);
    },
  };
  assert.throws(() => deploy(refusing), /wrong route/);
  assert.deepEqual(calls, []);
});

test('a dry run bundles and checks both workers offline', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, '--dry-run']);
  assert.equal(stdout.match(/--dry-run: exiting now/g)?.length, 2);
  assert.match(stdout, /TaskLedger, defined in queue-buffer-v2/);
});
