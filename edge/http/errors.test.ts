import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invalidRequest } from './errors.ts';

test('a response about invalid fields is short, even if the request was large', () => {
  const issue = {
    path: ['tasks', 0, 'k'.repeat(5_000_000)],
    message: `Unrecognized key: "${'k'.repeat(5_000_000)}"`,
  };
  const error = invalidRequest(
    issue,
    ...Array(20_000).fill({ path: ['tasks', 1], message: 'Expected a task' }),
  );
  const text = JSON.stringify({ error: error.message, ...error.details });
  assert.ok(text.length < 10_000, `${text.length} characters`);
  assert.match(error.message, /^tasks\.0\.k+…: Unrecognized key: "k+…$/);
});

test('a short issue is shown unchanged', () => {
  const error = invalidRequest({ path: ['tasks', 1, 'type'], message: 'Expected a type' });
  assert.equal(error.message, 'tasks.1.type: Expected a type');
  assert.deepEqual(error.details, { issues: [{ path: 'tasks.1.type', message: 'Expected a type' }] });
});
