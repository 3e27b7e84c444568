import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY_FORM, placeIssues, readForm, type SubmissionForm } from './submission-form.ts';

const form = (fields: Partial<SubmissionForm>): SubmissionForm => ({
  ...EMPTY_FORM,
  type: 'email',
  ...fields,
});

test('empty fields are not sent', () => {
  assert.deepEqual(readForm(form({ payload: '' })), { task: { type: 'email' } });
  assert.deepEqual(readForm(form({})), { task: { type: 'email', payload: {} } });
});

test('all fields are read', () => {
  const filled = form({
    type: ' email ',
    payload: '[1]',
    priority: '-5',
    when: 'delay',
    delaySeconds: '1.5',
    maxAttempts: '4',
    timeoutSeconds: '60',
    tags: ' eu, , nightly run',
    runAt: 'ignored',
  });
  assert.deepEqual(readForm(filled), {
    task: {
      type: 'email',
      payload: [1],
      priority: -5,
      delaySeconds: 1.5,
      maxAttempts: 4,
      timeoutSeconds: 60,
      tags: ['eu', 'nightly run'],
    },
  });
});

test('a time in the reader’s time zone is sent in UTC', () => {
  const reading = readForm(form({ when: 'at', runAt: '2026-03-04T05:06' }));
  assert.ok('task' in reading);
  assert.equal(reading.task.runAt, new Date(2026, 2, 4, 5, 6).toISOString());
});

test('a field that cannot be read has an issue', () => {
  const reading = readForm(
    form({ type: '', payload: '{"a": }', priority: 'high', when: 'delay', delaySeconds: '' }),
  );
  assert.deepEqual(reading, {
    issues: {
      type: 'Enter the name of a task type',
      payload: 'Line 1, column 7: expected a value',
      priority: 'Expected a number, got “high”',
      delaySeconds: 'Enter the number of seconds to wait',
    },
  });
  assert.deepEqual(readForm(form({ when: 'at' })), { issues: { runAt: 'Enter a date and a time' } });
});

test('the server’s issues are assigned to their fields, and to the form if it has no such field', () => {
  assert.deepEqual(
    placeIssues([
      { path: 'type', message: 'Expected letters' },
      { path: 'tags.1', message: 'Too long' },
      { path: 'tags', message: 'Too many' },
      { path: 'backoff.baseSeconds', message: 'Too small' },
      { path: '', message: 'Unknown field' },
    ]),
    {
      type: 'Expected letters',
      tags: 'Too long. Too many',
      form: 'backoff.baseSeconds: Too small. Unknown field',
    },
  );
});
