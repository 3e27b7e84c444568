import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOUR, SECOND, START, TestLedger, testLedger } from '../testing.ts';

const DAY = 24 * HOUR;

const NEW = { accepted: false, repeated: false };

test('a new key is given to the submission that came with it', (t) => {
  const { ledger } = testLedger(t);
  assert.deepEqual(ledger.reserve('key', 'hash', 'one'), { submission: 'one', ...NEW });
});

test('a repeat gets the first submission, and learns whether that was accepted', (t) => {
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

test('a key that came with another body is a conflict, and stays whose it was', (t) => {
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

test('without room a new key is not given, and no repeat goes on but of an accepted submission', (t) => {
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

test('keys do not touch one another', (t) => {
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

test('only the submission that holds the key can accept it', (t) => {
  const { ledger } = testLedger(t);
  ledger.reserve('key', 'hash', 'one');
  ledger.markAccepted('key', 'two');
  ledger.markAccepted('unknown', 'one');
  assert.partialDeepStrictEqual(ledger.reserve('key', 'hash', 'one'), { accepted: false });
});

test('a key lives 24 hours from its first use, however often it is repeated', (t) => {
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

test('an acceptance that comes after the key has gone to another changes nothing', (t) => {
  const bed = testLedger(t);
  bed.ledger.reserve('key', 'hash', 'one');
  bed.now += DAY;
  bed.ledger.reserve('key', 'hash', 'two');
  bed.ledger.markAccepted('key', 'one');
  assert.partialDeepStrictEqual(bed.ledger.reserve('key', 'hash', 'two'), { accepted: false });
});

test('keys that have lived their time are deleted in passing, others are not', (t) => {
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

test('a restart forgets no key', (t) => {
  const bed = testLedger(t);
  bed.ledger.reserve('key', 'hash', 'one');
  bed.ledger.markAccepted('key', 'one');
  assert.deepEqual(new TestLedger(bed.sql).ledger.reserve('key', 'hash', 'two'), {
    submission: 'one',
    accepted: true,
    repeated: true,
  });
});
