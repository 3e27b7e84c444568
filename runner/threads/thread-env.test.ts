import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadCatalog } from '../catalog/catalog.ts';
import { FakeEdge } from '../testing/fake-edge.ts';
import { startCli } from '../testing/start-cli.ts';
import { taskFolder, taskSource } from '../testing/task-files.ts';
import { taskEnv, threadEnv } from './thread-env.ts';

const TOKEN = 'the-token-of-the-runner';
const SECRETS = { SMTP_URL: 'smtp://user:password@mail', API_KEY: 'key-of-another-type' };

function flagsFor({ queueUrl, apiUrl }: FakeEdge, tasks: string): string[] {
  return [
    '--queue-url',
    queueUrl,
    '--api-url',
    apiUrl,
    '--tasks',
    tasks,
    '--threads',
    '1',
    '--poll-interval',
    '100',
    '--once',
  ];
}

/** Source of a `run` that returns all that a task can see without looking at the machine. */
const SPY = `async run(_payload, context) {
  const { workerData, getEnvironmentData } = await import('node:worker_threads');
  const { execFileSync } = await import('node:child_process');
  return {
    process: { env: process.env, argv: process.argv, execArgv: process.execArgv, title: process.title },
    reported: process.report.getReport().environmentVariables,
    thread: { workerData: String(Object.values(workerData ?? {})), atLoad },
    child: execFileSync(process.execPath, ['-p', 'JSON.stringify(process.env)'], { encoding: 'utf8' }),
    context: context.env,
  };
},`;
const AT_LOAD = 'const atLoad = JSON.stringify([process.env, process.argv]);\n';

test('a task gets the variables that its type names, and neither the token nor those of other types', async (t) => {
  const edge = await FakeEdge.start(t);
  const tasks = await taskFolder(t, {
    'mail.ts': AT_LOAD + taskSource('mail', `env: ['SMTP_URL', 'NOT_SET'], ${SPY}`),
    'plain.ts': AT_LOAD + taskSource('plain', SPY),
  });
  const [mail, plain] = [edge.ledger.add('mail', {}), edge.ledger.add('plain', {})];
  const env = { ...SECRETS, RUNNER_TOKEN: TOKEN, TZ: 'Asia/Dhaka', NODE_OPTIONS: '--no-warnings' };
  const cli = startCli(t, flagsFor(edge, tasks), env);
  assert.equal(await cli.ended, 0, cli.stderr());
  assert.equal(edge.calls.at(-1)?.authorization, `Bearer ${TOKEN}`);

  const seen = (id: string) => JSON.stringify(edge.ledger.settled.get(id)?.result);
  for (const text of [seen(mail), seen(plain)]) {
    assert.match(text, /"TZ":"Asia\/Dhaka"/);
    assert.doesNotMatch(text, new RegExp(TOKEN));
    assert.doesNotMatch(text.replace(/"reported":.*?\}/, ''), /key-of-another-type|NODE_OPTIONS/);
  }
  assert.match(seen(mail), /"context":\{"SMTP_URL":"smtp:\/\/user:password@mail"\}/);
  assert.match(seen(plain), /"context":\{\}/);
  assert.doesNotMatch(seen(plain).replace(/"reported":.*?\}/, ''), /password/);
});

test('no argument of a thread contains a token from the command line', async (t) => {
  const edge = await FakeEdge.start(t);
  const tasks = await taskFolder(t, { 'plain.ts': AT_LOAD + taskSource('plain', SPY) });
  const id = edge.ledger.add('plain', {});
  const cli = startCli(t, [...flagsFor(edge, tasks), '--token', TOKEN]);
  assert.equal(await cli.ended, 0, cli.stderr());
  assert.doesNotMatch(JSON.stringify(edge.ledger.settled.get(id)?.result), new RegExp(TOKEN));
});

test('Node flags from the environment apply in the threads', async (t) => {
  const edge = await FakeEdge.start(t);
  const tasks = await taskFolder(t, {
    'flagged.ts': taskSource('flagged', 'run: () => globalThis.preloaded,'),
    'preload/preload.mjs': 'globalThis.preloaded = "preloaded";',
  });
  const id = edge.ledger.add('flagged', {});
  const env = { NODE_OPTIONS: `--max-old-space-size=512 --import ${tasks}/preload/preload.mjs` };
  const cli = startCli(t, flagsFor(edge, tasks), env);
  assert.equal(await cli.ended, 0, cli.stderr());
  assert.equal(edge.ledger.settled.get(id)?.result, 'preloaded');
});

test('a task file sees no secret while the catalog loads it', async (t) => {
  const source = `
    if (process.env.SMTP_URL || process.env.RUNNER_TOKEN) throw new Error('it sees a secret');
    if (!process.env.PATH) throw new Error('it sees no PATH');
    ${taskSource('own')}`;
  const folder = await taskFolder(t, { 'own.ts': source });
  const env = { PATH: '/bin', SMTP_URL: 'smtp://mail', RUNNER_TOKEN: TOKEN };
  assert.deepEqual([...(await loadCatalog([folder], [], env)).keys()], ['own']);
});

for (const name of ['RUNNER_TOKEN', 'runner_token']) {
  test(`a type that names ${name} is refused, and the sentence says what to do`, async (t) => {
    const folder = await taskFolder(t, { 'own.ts': taskSource('own', `env: ['PORT', '${name}']`) });
    await assert.rejects(
      loadCatalog([folder]),
      /own\.ts .*env\.1: Expected no RUNNER_TOKEN: tasks must not have the token of their runner\. Remove it/,
    );
  });
}

test('a name that no variable can have is refused', async (t) => {
  const folder = await taskFolder(t, { 'own.ts': taskSource('own', `env: ['A=B']`) });
  await assert.rejects(loadCatalog([folder]), /env\.0: Expected the name of an environment variable/);
});

test('the entry of a type contains the variable names that it declares', async (t) => {
  const folder = await taskFolder(t, { 'own.ts': taskSource('own', `env: ['SMTP_URL']`) });
  assert.deepEqual((await loadCatalog([folder])).get('own')?.env, ['SMTP_URL']);
});

test('a thread starts with variables that describe the machine and with no secrets', () => {
  const harmless = {
    PATH: '/bin',
    HOME: '/root',
    TZ: 'UTC',
    LANG: 'C',
    LC_ALL: 'C',
    NODE_ENV: 'test',
    Path: 'C:\\',
  };
  const secrets = {
    RUNNER_TOKEN: 'a',
    API_TOKEN: 'a',
    SMTP_URL: 'a',
    HTTPS_PROXY: 'a',
    AWS_SECRET_KEY: 'a',
    QUEUE_WORKER_URL: 'a',
  };
  assert.deepEqual(threadEnv({ ...harmless, ...secrets }), harmless);
});

test('an unset variable is omitted, and an empty one stays empty', () => {
  assert.deepEqual(taskEnv({ A: '1', B: '', C: '3' }, ['A', 'B', 'D', 'constructor']), { A: '1', B: '' });
});
