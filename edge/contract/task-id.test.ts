import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createdAtOf,
  indexOf,
  isTaskId,
  isUuid,
  newSubmission,
  shardOf,
  submissionOf,
  taskIdAt,
} from './task-id.ts';

const RANDOM = Uint8Array.from([0xff, 0x01, 0x02, 0x03, 0x04, 0x05]);
const CREATED = Date.UTC(2026, 6, 1, 12, 30, 15, 678);

test('an id is a UUIDv7 of RFC 9562: version 7 and variant 10', () => {
  const id = taskIdAt(newSubmission(CREATED, 0, RANDOM), 0);
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(isTaskId(id));
});

test('an id contains its time, its shard, its submission and its index', () => {
  for (const [shard, index] of [[0, 0] as const, [1, 999] as const, [4095, 65_535] as const]) {
    const submission = newSubmission(CREATED, shard, RANDOM);
    const id = taskIdAt(submission, index);
    assert.equal(createdAtOf(id), CREATED);
    assert.equal(createdAtOf(submission), CREATED);
    assert.equal(shardOf(id), shard);
    assert.equal(indexOf(id), index);
    assert.equal(submissionOf(id), submission);
  }
});

test('a submission is the id without its last four hex digits', () => {
  const submission = newSubmission(CREATED, 0, RANDOM);
  assert.equal(submission.length, 32);
  assert.equal(taskIdAt(submission, 0x0abc), `${submission}0abc`);
});

test('the variant bits do not depend on the random bytes', () => {
  for (let byte = 0; byte < 256; byte++) {
    const id = taskIdAt(newSubmission(CREATED, 0, Uint8Array.from([byte, byte, byte, byte, byte, byte])), 0);
    assert.ok(isTaskId(id), id);
  }
});

test('an id contains all random bytes except the two bits that the variant replaces', () => {
  const names = [0, 1, 2, 3, 4, 5].map((place) => {
    const random = new Uint8Array(6);
    random[place] = 1;
    return newSubmission(CREATED, 0, random);
  });
  assert.equal(new Set([...names, newSubmission(CREATED, 0, new Uint8Array(6))]).size, 7);
});

test('ids of a later time and of a later index sort later as text', () => {
  const early = newSubmission(CREATED, 0, RANDOM);
  const late = newSubmission(CREATED + 1, 0, new Uint8Array(6));
  const ids = [
    taskIdAt(early, 0),
    taskIdAt(early, 15),
    taskIdAt(early, 16),
    taskIdAt(early, 999),
    taskIdAt(late, 0),
  ];
  assert.deepEqual(ids.toSorted(), ids);
});

test('a shard or an index that does not fit in an id is refused, and the error states the range', () => {
  for (const shard of [-1, 4096, 0.5, Number.NaN]) {
    assert.throws(() => newSubmission(CREATED, shard, RANDOM), /Expected a shard from 0 to 4095, got/);
  }
  const submission = newSubmission(CREATED, 0, RANDOM);
  for (const index of [-1, 65_536, 0.5, Number.NaN]) {
    assert.throws(() => taskIdAt(submission, index), /Expected an index from 0 to 65535, got/);
  }
});

test('only a lower-case UUIDv7 has the form of a task id', () => {
  const id = taskIdAt(newSubmission(CREATED, 0, RANDOM), 0);
  const others = [
    '',
    'error-task-123',
    id.toUpperCase(),
    id.slice(1),
    `${id}0`,
    ` ${id}`,
    `${id}\n`,
    id.replaceAll('-', ''),
    '01890a5d-ac96-4b4e-8f7a-2d1f3c5b7a99',
    '01890a5d-ac96-7b4e-cf7a-2d1f3c5b7a99',
  ];
  for (const other of others) assert.equal(isTaskId(other), false, JSON.stringify(other));
});

test('a UUID of any version in either case has the form of a UUID', () => {
  assert.ok(isUuid('01890A5D-AC96-4B4E-8F7A-2D1F3C5B7A99'));
  assert.ok(isUuid('00000000-0000-0000-0000-000000000000'));
  assert.equal(isUuid('unfenced:01890a5d-ac96-4b4e-8f7a-2d1f3c5b7a99'), false);
  assert.equal(isUuid('01890a5d-ac96-4b4e-8f7a-2d1f3c5b7a9'), false);
});

for (const time of [-1, 0.5, 2 ** 48, Number.NaN]) {
  test(`no id has the time ${time}`, () => {
    assert.throws(() => newSubmission(time, 0, new Uint8Array(6)), RangeError);
  });
}
