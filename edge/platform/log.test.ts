import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { logError, logOf, shown } from './log.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** Collects the arguments of console calls, each with the name of the method. */
function written(t: TestContext) {
  const lines: [method: string, ...args: unknown[]][] = [];
  for (const method of LEVELS) {
    t.mock.method(console, method, (...args: unknown[]) => void lines.push([method, ...args]));
  }
  return lines;
}

function logAll(variable: string | undefined) {
  const log = logOf(variable === undefined ? {} : { LOG_LEVEL: variable });
  log.debug('a claim', () => ({ runner: 'host-1' }));
  for (const level of ['info', 'warn', 'error'] as const) log[level](level);
}

test('a log line is one object with its level, its message and its fields', (t) => {
  const lines = written(t);
  logOf({ LOG_LEVEL: 'debug' }).debug('Tasks were claimed', () => ({ runner: 'host-1', count: 3 }));
  logOf({}).warn('Tasks were taken back', { leaseId: 'a' });
  logOf({}).info('Nothing else');
  assert.deepEqual(lines, [
    ['debug', { level: 'debug', message: 'Tasks were claimed', runner: 'host-1', count: 3 }],
    ['warn', { level: 'warn', message: 'Tasks were taken back', leaseId: 'a' }],
    ['info', { level: 'info', message: 'Nothing else' }],
  ]);
});

for (const [variable, expected] of [
  [undefined, ['info', 'warn', 'error']],
  ['', ['info', 'warn', 'error']],
  ['debug', ['debug', 'info', 'warn', 'error']],
  ['warn', ['warn', 'error']],
  ['error', ['error']],
] as const) {
  test(`with LOG_LEVEL ${JSON.stringify(variable)} the log writes these levels: ${expected.join(', ')}`, (t) => {
    const lines = written(t);
    logAll(variable);
    assert.deepEqual(
      lines.map(([method]) => method),
      expected,
    );
  });
}

test('the fields of a debug line are not created if the line is not written', () => {
  logOf({}).debug('a claim', () => assert.fail('they are not needed'));
});

test('an unknown level is logged once, and the default level is used', (t) => {
  const lines = written(t);
  logAll('loud');
  logAll('loud');
  const [first, ...rest] = lines;
  assert.partialDeepStrictEqual(first, [
    'error',
    { message: 'Expected LOG_LEVEL to be one of debug, info, warn, error, got "loud"; using info' },
  ]);
  assert.deepEqual(
    rest.map(([method]) => method),
    ['info', 'warn', 'error', 'info', 'warn', 'error'],
  );
});

test('an error is logged with its name, message, stack and cause; any other value as text', (t) => {
  const lines = written(t);
  const cause = new TypeError('inner');
  const error = new RangeError('outer', { cause });
  logError('It failed', { taskId: 'a', error });
  logError('It failed', { error: 'plain text' });
  const { stack } = error;
  assert.deepEqual(lines, [
    [
      'error',
      {
        level: 'error',
        message: 'It failed',
        taskId: 'a',
        error: {
          name: 'RangeError',
          message: 'outer',
          stack,
          cause: { name: 'TypeError', message: 'inner', stack: cause.stack },
        },
      },
    ],
    ['error', { level: 'error', message: 'It failed', error: 'plain text' }],
  ]);
  assert.doesNotThrow(() => JSON.stringify(lines));
});

test('long texts from a client are truncated and marked as cut', (t) => {
  const lines = written(t);
  const error = new Error('m'.repeat(50_000));
  error.cause = error;
  logOf({}).warn('refused', { path: `/tasks/${'p'.repeat(50_000)}`, status: 503, error });
  logError('m'.repeat(50_000));
  for (const line of lines) assert.ok(JSON.stringify(line).length < 30_000);
  const [[, first] = []] = lines;
  assert.match(JSON.stringify(first), /"path":"\/tasks\/p{993}… \[cut, 50007 characters\]","status":503/);
});

test('a log line shows at most a hundred tasks', () => {
  assert.equal(shown(Array(1000).fill('id')).length, 100);
  assert.deepEqual(shown(['a', 'b']), ['a', 'b']);
});
