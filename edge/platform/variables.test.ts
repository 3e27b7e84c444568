import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ofType, valuesOf } from '../contract/per-type.ts';
import { numberOf, perTypeOf } from './variables.ts';

test('a setting is a number, with other values for single task types', () => {
  const hours = perTypeOf('RETENTION_HOURS', '24, report=168 , noise = 1', 12);
  assert.deepEqual(hours, { default: 24, types: { report: 168, noise: 1 } });
  assert.deepEqual([ofType(hours, 'report'), ofType(hours, 'mail')], [168, 24]);
  assert.deepEqual(valuesOf(hours), [24, 168, 1]);
});

test('a setting without a general value has its default', () => {
  assert.deepEqual(perTypeOf('ARCHIVE_DAYS', undefined, 30), { default: 30, types: {} });
  assert.deepEqual(perTypeOf('ARCHIVE_DAYS', 'report=0.5', 30), { default: 30, types: { report: 0.5 } });
});

test('a setting may be written as a number', () => {
  assert.deepEqual(perTypeOf('RETENTION_HOURS', 48, 24), { default: 48, types: {} });
  assert.equal(numberOf('FULL_BYTES', 8e9, 1), 8e9);
});

test('an invalid entry is logged, and its type gets the default', (t) => {
  const log = t.mock.method(console, 'error', () => {});
  const hours = perTypeOf('RETENTION_HOURS', '-1, report=soon, noise=1', 24);
  assert.deepEqual(hours, { default: 24, types: { noise: 1 } });
  assert.equal(log.mock.callCount(), 2);
  assert.match(JSON.stringify(log.mock.calls[1]?.arguments[0]), /RETENTION_HOURS.*report=soon/);
});

test('a type may have the name of a property that every object has', () => {
  const hours = perTypeOf('RETENTION_HOURS', '24, __proto__=1', 24);
  assert.deepEqual([ofType(hours, '__proto__'), ofType(hours, 'constructor')], [1, 24]);
});
