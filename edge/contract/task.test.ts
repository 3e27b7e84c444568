import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_ERROR_MESSAGE_LENGTH } from './limits.ts';
import { BatchSubmission, LeaseId, ReportedError, statusOf, TaskId, TaskSubmission } from './task.ts';

function refusal(submission: unknown) {
  const parsed = TaskSubmission.safeParse(submission);
  assert.ok(!parsed.success, `Expected a refusal of ${JSON.stringify(submission)}`);
  return parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
}

describe('a submission is refused', () => {
  const refused: [string, Record<string, unknown>, string][] = [
    ['without a type', {}, 'type'],
    ['with an empty type', { type: '' }, 'type'],
    ['with a type that is not a string', { type: 7 }, 'type'],
    ['with a type of 101 characters', { type: 'a'.repeat(101) }, 'type'],
    ['with a space in its type', { type: 'send email' }, 'type'],
    ['with a line break after its type', { type: 'email\n' }, 'type'],
    ['with a type that starts with a hyphen', { type: '-email' }, 'type'],
    ['with a letter outside ASCII in its type', { type: 'émail' }, 'type'],
    ['with a priority of 101', { type: 'a', priority: 101 }, 'priority'],
    ['with a priority of -101', { type: 'a', priority: -101 }, 'priority'],
    ['with a priority that is not an integer', { type: 'a', priority: 0.5 }, 'priority'],
    ['with a negative delay', { type: 'a', delaySeconds: -1 }, 'delaySeconds'],
    ['with a delay of more than 30 days', { type: 'a', delaySeconds: 30 * 86_400 + 1 }, 'delaySeconds'],
    ['with a delay that is a string', { type: 'a', delaySeconds: '5' }, 'delaySeconds'],
    ['with a runAt in another time zone', { type: 'a', runAt: '2026-01-01T00:00:00+02:00' }, 'runAt'],
    ['with a runAt that is a number', { type: 'a', runAt: 1_700_000_000_000 }, 'runAt'],
    ['with a runAt on a date that does not exist', { type: 'a', runAt: '2026-02-30T00:00:00Z' }, 'runAt'],
    [
      'with both delaySeconds and runAt',
      { type: 'a', delaySeconds: 1, runAt: '2026-01-01T00:00:00Z' },
      'runAt',
    ],
    ['with 0 attempts', { type: 'a', maxAttempts: 0 }, 'maxAttempts'],
    ['with 101 attempts', { type: 'a', maxAttempts: 101 }, 'maxAttempts'],
    ['with a timeout of zero', { type: 'a', timeoutSeconds: 0 }, 'timeoutSeconds'],
    ['with a timeout of more than a day', { type: 'a', timeoutSeconds: 86_401 }, 'timeoutSeconds'],
    ['with a negative backoff', { type: 'a', backoff: { baseSeconds: -1 } }, 'backoff.baseSeconds'],
    ['with an unknown field in backoff', { type: 'a', backoff: { base: 1 } }, 'backoff'],
    ['with eleven tags', { type: 'a', tags: Array(11).fill('t') }, 'tags'],
    ['with an empty tag', { type: 'a', tags: [''] }, 'tags.0'],
    ['with an unknown field', { type: 'a', payloads: {} }, ''],
  ];
  for (const [name, submission, path] of refused) {
    test(name, () => {
      assert.equal(refusal(submission)[0]?.path, path);
    });
  }

  test('with a message that contains the unknown field', () => {
    assert.match(refusal({ type: 'a', payloads: {} })[0]?.message ?? '', /payloads/);
  });

  test('with a message about the missing type', () => {
    assert.equal(refusal({})[0]?.message, 'Expected `type`, the name of a task type');
  });

  test('with a delay of 1e999, which JSON.parse reads as Infinity', () => {
    assert.equal(refusal(JSON.parse('{"type":"a","delaySeconds":1e999}'))[0]?.path, 'delaySeconds');
  });
});

test('a submission may consist of only a type', () => {
  assert.deepEqual(TaskSubmission.parse({ type: 'a' }), { type: 'a' });
});

test('a type may contain letters, digits and . _ : / -', () => {
  for (const type of ['a', '7', 'image:resize', 'mail/welcome.v2', 'A_b-c', 'a'.repeat(100)]) {
    assert.ok(TaskSubmission.safeParse({ type }).success, type);
  }
});

test('the value of every limit is allowed', () => {
  for (const field of [
    { priority: 100 },
    { priority: -100 },
    { delaySeconds: 0 },
    { delaySeconds: 30 * 86_400 },
    { maxAttempts: 100 },
    { timeoutSeconds: 86_400 },
    { tags: Array(10).fill('t') },
    { runAt: '2026-01-01T00:00:00.000Z' },
  ]) {
    assert.ok(TaskSubmission.safeParse({ type: 'a', ...field }).success, JSON.stringify(field));
  }
});

test('a batch holds 1 to 1,000 tasks', () => {
  const sizes = [0, 1, 1000, 1001].map((length) => {
    const tasks = Array.from({ length }, () => ({ type: 'a' }));
    return BatchSubmission.safeParse({ tasks }).success;
  });
  assert.deepEqual(sizes, [false, true, true, false]);
});

test('a lease id is any UUID and is converted to lower case', () => {
  assert.equal(LeaseId.parse('01890A5D-AC96-4B4E-8F7A-2D1F3C5B7A99'), '01890a5d-ac96-4b4e-8f7a-2d1f3c5b7a99');
  for (const id of ['', 'lease-1', 'unfenced:01890a5d-ac96-7b4e-8f7a-2d1f3c5b7a99:1:1']) {
    assert.equal(LeaseId.safeParse(id).success, false);
  }
});

test('a UUID of another version is refused as a task id', () => {
  assert.equal(TaskId.safeParse('01890a5d-ac96-4b4e-8f7a-2d1f3c5b7a99').success, false);
  assert.ok(TaskId.safeParse('01890a5d-ac96-7b4e-8f7a-2d1f3c5b7a99').success);
});

test('a reported error may be a plain string', () => {
  assert.deepEqual(ReportedError.parse('It broke'), {
    code: 'task_error',
    message: 'It broke',
    retryable: undefined,
  });
});

test('a reported error keeps its code and whether it may be retried', () => {
  const error = { code: 'no_such_user', message: 'No such user', retryable: false };
  assert.deepEqual(ReportedError.parse(error), error);
});

test('a long error message is truncated, not refused', () => {
  const { message } = ReportedError.parse({ code: 'long', message: 'x'.repeat(10_000) });
  assert.equal(message.length, MAX_ERROR_MESSAGE_LENGTH);
});

test('a client sees each ledger state as its status', () => {
  const states = ['scheduled', 'ready', 'leased', 'completed', 'failed', 'cancelled'] as const;
  assert.deepEqual(states.map(statusOf), [
    'pending',
    'pending',
    'processing',
    'completed',
    'failed',
    'cancelled',
  ]);
});
