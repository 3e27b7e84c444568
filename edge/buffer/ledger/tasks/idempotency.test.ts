import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOUR, SECOND, START, TestLedger, testLedger } from '../testing.ts';

const DAY = 24 * HOUR;

const NEW = { accepted: false, repeated: false };

test('a new key is reserved for the submission of its request', (t) => {
  const { ledger } = testLedger(t);
  assert.deepEqual(ledger.reserve('key', 'hash', 'one'), { submission: 'one', ...NEW });
});

test('a repeat gets the first submission, and whether it was accepted', (t) => {
  const { ledger } = testLedger(t);
  ledger.reserve('key', 'hash', 'one');
  assert.deepEqual(ledger.reserve('key', 'hash', 'two'), {
    submission: 'one',
    accepted: false,
    repeated: true,
  });
  ledger.markAccepted('key', 'one');
  for (const submission of ['three', 'one']) {
    assert.deepEqual(ledger.reserve('key', 'hash', submission), {
      submission: 'one',
      accepted: true,
      repeated: true,
    });
  }
});

test('a key with another body is a conflict, and still belongs to the first submission', (t) => {
  const { ledger } = testLedger(t);
  ledger.reserve('key', 'hash', 'one');
  assert.deepEqual(ledger.reserve('key', 'other', 'two'), { conflict: true });
  ledger.markAccepted('key', 'one');
  assert.deepEqual(ledger.reserve('key', 'other', 'two'), { conflict: true });
  assert.deepEqual(ledger.reserve('key', 'hash', 'two'), {
    submission: 'one',
    accepted: true,
    repeated: true,
  });
});

test('without capacity, new keys and repeats are refused, except repeats of accepted submissions', (t) => {
  const { ledger, sql } = testLedger(t);
  assert.deepEqual(ledger.reserve('new', 'hash', 'one', true), { full: true });
  assert.deepEqual(sql.exec('SELECT * FROM idempotency_keys'), []);
  ledger.reserve('key', 'hash', 'one');
  assert.deepEqual(ledger.reserve('key', 'hash', 'two', true), { full: true });
  assert.deepEqual(ledger.reserve('key', 'other', 'two', true), { conflict: true });
  ledger.markAccepted('key', 'one');
  assert.deepEqual(ledger.reserve('key', 'hash', 'two', true), {
    submission: 'one',
    accepted: true,
    repeated: true,
  });
});

test('keys do not affect one another', (t) => {
  const { ledger } = testLedger(t);
  ledger.reserve('key', 'hash', 'one');
  assert.deepEqual(ledger.reserve('KEY', 'hash', 'two'), { submission: 'two', ...NEW });
  ledger.markAccepted('key', 'one');
  assert.deepEqual(ledger.reserve('KEY', 'hash', 'two'), {
    submission: 'two',
    accepted: false,
    repeated: true,
  });
});

test('only the submission that the key belongs to can be marked as accepted', (t) => {
  const { ledger } = testLedger(t);
  ledger.reserve('key', 'hash', 'one');
  ledger.markAccepted('key', 'two');
  ledger.markAccepted('unknown', 'one');
  assert.partialDeepStrictEqual(ledger.reserve('key', 'hash', 'one'), { accepted: false });
});

test('a key is valid for 24 hours after its first use, regardless of repeats', (t) => {
  const bed = testLedger(t);
  bed.ledger.reserve('key', 'hash', 'one');
  bed.ledger.markAccepted('key', 'one');
  bed.now = START + DAY - 1;
  assert.partialDeepStrictEqual(bed.ledger.reserve('key', 'hash', 'two'), { submission: 'one' });
  bed.now = START + DAY;
  assert.deepEqual(bed.ledger.reserve('key', 'other', 'three'), { submission: 'three', ...NEW });
  bed.now += DAY - 1;
  assert.partialDeepStrictEqual(bed.ledger.reserve('key', 'other', 'four'), { submission: 'three' });
});

test('marking a submission as accepted changes nothing if its key now belongs to another', (t) => {
  const bed = testLedger(t);
  bed.ledger.reserve('key', 'hash', 'one');
  bed.now += DAY;
  bed.ledger.reserve('key', 'hash', 'two');
  bed.ledger.markAccepted('key', 'one');
  assert.partialDeepStrictEqual(bed.ledger.reserve('key', 'hash', 'two'), { accepted: false });
});

test('a tick deletes expired keys and keeps the others', (t) => {
  const bed = testLedger(t);
  bed.ledger.reserve('old', 'hash', 'one');
  bed.now += SECOND;
  bed.ledger.reserve('young', 'hash', 'two');
  bed.now = START + DAY;
  bed.ledger.tick();
  const keys = bed.sql.exec<{ key: string }>('SELECT key FROM idempotency_keys');
  assert.deepEqual(
    keys.map(({ key }) => key),
    ['young'],
  );
});

test('keys survive a restart', (t) => {
  const bed = testLedger(t);
  bed.ledger.reserve('key', 'hash', 'one');
  bed.ledger.markAccepted('key', 'one');
  assert.deepEqual(new TestLedger(bed.sql).ledger.reserve('key', 'hash', 'two'), {
    submission: 'one',
    accepted: true,
    repeated: true,
  });
});
