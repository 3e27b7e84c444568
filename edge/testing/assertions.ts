import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS, ErrorBody, type ErrorCode } from '../contract/errors.ts';
import type { Answer, Call } from './caller.ts';
import type { TestEdge } from './harness.ts';

/** The format of times in requests and answers: ISO 8601 UTC with milliseconds. */
export const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Asserts an error answer in the form of the contract and returns its body. */
export function expectError(answer: Answer, code: ErrorCode): ErrorBody {
  const seen = `${answer.status} ${JSON.stringify(answer.body).slice(0, 500)}`;
  assert.equal(answer.status, ERRORS[code].status, seen);
  const body = ErrorBody.parse(answer.body);
  assert.equal(body.code, code, seen);
  assert.match(body.error, /\w+ \w+/, 'Expected a sentence');
  if (answer.status === 503) assert.match(answer.header('Retry-After') ?? '', /^\d+$/);
  return body;
}

export type Refusal = [name: string, worker: 'api' | 'buffer', path: string, call: Call, code: ErrorCode];

/** Adds one test for each call that must be answered with an error. */
export function refuses(edge: TestEdge, refusals: Refusal[]): void {
  for (const [name, worker, path, call, code] of refusals) {
    test(name, async () => {
      expectError(await edge[worker].call(path, call), code);
    });
  }
}
