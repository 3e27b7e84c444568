import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { listSettings, readOptions } from './options.ts';

test('the defaults apply without flags and environment', () => {
  assert.deepEqual(readOptions({}, {}), {
    threads: availableParallelism(),
    ioConcurrency: 32,
    tasks: undefined,
    builtIn: ['email', 'heavy', 'image', 'test', 'test-cpu'],
    dataDir: resolve('data'),
    queueUrl: 'http://localhost:8788',
    apiUrl: 'http://localhost:8787',
    token: undefined,
    pollIntervalMs: 5000,
    wake: true,
    leaseSeconds: 30,
    drainTimeoutSeconds: 30,
    metricsPort: undefined,
    metricsHost: '127.0.0.1',
    logLevel: 'info',
    logFormat: 'text',
    logPayloads: 'small',
    once: false,
  });
});

const CASES = [
  { name: 'threads', env: 'THREADS', text: '3', value: 3 },
  { name: 'ioConcurrency', env: 'IO_CONCURRENCY', text: '7', value: 7 },
  { name: 'tasks', env: 'TASKS_DIR', text: 'own', value: resolve('own') },
  { name: 'builtIn', env: 'BUILT_IN', text: 'image, email,image', value: ['image', 'email'] },
  { name: 'dataDir', env: 'DATA_DIR', text: '../files', value: resolve('../files') },
  {
    name: 'queueUrl',
    env: 'QUEUE_WORKER_URL',
    text: 'https://queue.example',
    value: 'https://queue.example',
  },
  { name: 'apiUrl', env: 'API_WORKER_URL', text: 'https://api.example/v2', value: 'https://api.example/v2' },
  { name: 'token', env: 'RUNNER_TOKEN', text: 'secret', value: 'secret' },
  { name: 'pollIntervalMs', env: 'POLL_INTERVAL', text: '250', value: 250 },
  { name: 'wake', env: 'WAKE', text: 'false', value: false },
  { name: 'leaseSeconds', env: 'LEASE_SECONDS', text: '9', value: 9 },
  { name: 'drainTimeoutSeconds', env: 'DRAIN_TIMEOUT', text: '0', value: 0 },
  { name: 'metricsPort', env: 'METRICS_PORT', text: '9464', value: 9464 },
  { name: 'metricsHost', env: 'METRICS_HOST', text: '0.0.0.0', value: '0.0.0.0' },
  { name: 'logLevel', env: 'LOG_LEVEL', text: 'silent', value: 'silent' },
  { name: 'logFormat', env: 'LOG_FORMAT', text: 'json', value: 'json' },
  { name: 'logPayloads', env: 'LOG_PAYLOADS', text: 'never', value: 'never' },
  { name: 'once', env: 'ONCE', text: 'true', value: true },
] as const;

for (const { name, env, text, value } of CASES) {
  test(`${name} is read from its flag or from ${env}`, () => {
    const flag = listSettings().find((setting) => setting.name === name)?.flag ?? '';
    assert.deepEqual(readOptions({ [flag]: text }, {})[name], value);
    assert.deepEqual(readOptions({ [name]: text }, {})[name], value);
    assert.deepEqual(readOptions({}, { [env]: text })[name], value);
  });
}

for (const token of ['my secret…', 'odd!tok#1', 'a=b']) {
  test(`the token ${token} is refused and not printed, because the workers never accept it`, () => {
    assert.throws(() => readOptions({}, { RUNNER_TOKEN: token }), {
      message:
        '--token (RUNNER_TOKEN): Expected only the letters A to Z and a to z, digits, and . _ ~ + / -, with = only at the end',
    });
  });
}

test('every setting is listed with its own flag and variable', () => {
  const listed = listSettings().map(({ name, env }) => ({ name, env }));
  assert.deepEqual(
    listed,
    CASES.map(({ name, env }) => ({ name, env })),
  );
  const flags = listSettings().map(({ flag }) => flag);
  assert.ok(flags.includes('io-concurrency') && flags.includes('queue-url') && flags.includes('once'));
  assert.ok(flags.includes('poll-interval') && flags.includes('drain-timeout'));
});

test('a flag overrides the environment, even if the flag is false', () => {
  const env = { THREADS: '8', ONCE: 'true' };
  assert.equal(readOptions({ threads: '2' }, env).threads, 2);
  assert.equal(readOptions({ once: false }, env).once, false);
});

test('an empty variable counts as not set', () => {
  assert.equal(readOptions({}, { POLL_INTERVAL: '' }).pollIntervalMs, 5000);
});

const WRONG = [
  ['threads', '--threads (THREADS)', ['0', '-1', '1.5', 'many', '2000', '']],
  ['ioConcurrency', '--io-concurrency (IO_CONCURRENCY)', ['0', 'x', '10001']],
  ['builtIn', '--built-in (BUILT_IN)', ['emial', 'email,', 'none,email', '']],
  ['queueUrl', '--queue-url (QUEUE_WORKER_URL)', ['localhost:8788', 'ftp://queue.example', 'queue']],
  ['apiUrl', '--api-url (API_WORKER_URL)', ['api.example']],
  ['pollIntervalMs', '--poll-interval (POLL_INTERVAL)', ['0', '5s']],
  ['leaseSeconds', '--lease-seconds (LEASE_SECONDS)', ['0', '3601', '1.5']],
  ['drainTimeoutSeconds', '--drain-timeout (DRAIN_TIMEOUT)', ['-1', 'soon', '']],
  ['metricsPort', '--metrics-port (METRICS_PORT)', ['0', '65536', 'http']],
  ['metricsHost', '--metrics-host (METRICS_HOST)', ['']],
  ['logLevel', '--log-level (LOG_LEVEL)', ['loud']],
  ['logFormat', '--log-format (LOG_FORMAT)', ['xml']],
  ['once', '--once (ONCE)', ['maybe']],
] as const;

for (const [name, names, values] of WRONG) {
  for (const value of values) {
    test(`${names} refuses ${JSON.stringify(value)} with a sentence that names flag, variable and value`, () => {
      assert.throws(
        () => readOptions({ [name]: value }, {}),
        ({ message }: Error) =>
          message.startsWith(`${names}: `) && message.endsWith(`got ${JSON.stringify(value)}`),
      );
    });
  }
}

const EXPECTED = [
  ['once', 'maybe', /Expected .*true.*false/i],
  ['threads', '0', /Expected .*\b1\b/],
  ['leaseSeconds', '3601', /Expected .*\b3600\b/],
  ['builtIn', 'emial', /Expected `all`, `none`, or names .* from: email, heavy, image, test, test-cpu, got/],
  ['logLevel', 'loud', /Expected debug, info, warn, error, silent/],
] as const;

for (const [name, value, expected] of EXPECTED) {
  test(`the error for ${name} set to ${value} names what was expected`, () => {
    assert.throws(() => readOptions({ [name]: value }, {}), expected);
  });
}

test('the error has one line with a sentence for each wrong setting', () => {
  assert.throws(
    () => readOptions({ threads: 'x' }, { LOG_LEVEL: 'loud', LOG_FORMAT: 'xml' }),
    ({ message }: Error) => message.split('\n').length === 3,
  );
});

test('`all` selects every built-in task type, `none` selects no type', () => {
  assert.equal(readOptions({ builtIn: 'all' }, {}).builtIn.length, 5);
  assert.deepEqual(readOptions({ builtIn: 'none' }, {}).builtIn, []);
});

test('folders become absolute', () => {
  assert.equal(readOptions({ dataDir: 'here', tasks: './there' }, {}).tasks, resolve('there'));
  assert.equal(readOptions({ dataDir: '/srv/data' }, {}).dataDir, '/srv/data');
});
