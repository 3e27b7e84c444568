import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RunnerAbout } from '../../edge/contract/buffer.ts';
import { MAX_SHOWN_TASKS, MAX_WANTED_TYPES } from '../../edge/contract/limits.ts';
import { claimedTask, fixtureEntry } from '../testing/held-tasks.ts';
import { aboutRunner, RunnerInfo, stuckThreads } from './runner-info.ts';

const SIZE = { threads: 4, ioConcurrency: 32 };
const about = aboutRunner(SIZE, new Map([['cpu-fixture', fixtureEntry('cpu')]]), new Date(0));

test('the description contains the start of the runner, its slots and its types', () => {
  assert.deepEqual(about, {
    startedAt: '1970-01-01T00:00:00.000Z',
    threads: 4,
    ioConcurrency: 32,
    types: ['cpu-fixture'],
  });
});

test('the description lists no more types than the contract allows', () => {
  const types = Array.from({ length: MAX_WANTED_TYPES + 1 }, (_, n) => `type-${n}`);
  const catalog = new Map(types.map((type) => [type, fixtureEntry('cpu')]));
  const told = aboutRunner(SIZE, catalog, new Date());
  assert.equal(told.types.length, MAX_WANTED_TYPES);
  assert.ok(RunnerAbout.safeParse(told).success);
});

test('the description lists the stuck threads up to the limit of the contract, the longest stuck first', () => {
  const since = Date.parse('2026-01-01T00:00:00.000Z');
  const stuck = Array.from({ length: 15 }, (_, n) => ({
    taskId: claimedTask('cpu-fixture', {}).taskId,
    type: 'cpu-fixture',
    since: since + n,
  }));
  const list = stuckThreads(
    new Map([
      ['io', { stuck }],
      ['cpu', { stuck: stuck.map((one) => ({ ...one, since: one.since - 1000 })) }],
    ]),
  );
  const told = aboutRunner(SIZE, new Map(), new Date(), list);
  assert.deepEqual(RunnerAbout.parse(told), told);
  assert.equal(told.stuck?.length, MAX_SHOWN_TASKS);
  assert.deepEqual(told.stuck?.[0], { ...stuck[0], lane: 'cpu', since: '2025-12-31T23:59:59.000Z' });
  assert.equal(told.stuck?.[15]?.lane, 'io');
});

test('claims contain the description until one is answered, then again 30 s after that answer', () => {
  const runnerInfo = new RunnerInfo(() => about);
  assert.equal(runnerInfo.at(0), about);
  assert.equal(runnerInfo.at(40_000), about);
  runnerInfo.answered(40_000, 41_000);
  assert.equal(runnerInfo.at(70_999), undefined);
  assert.equal(runnerInfo.at(71_000), about);
});

test('after a renewal claims contain the description again, even if an earlier claim is answered', () => {
  const runnerInfo = new RunnerInfo(() => about);
  runnerInfo.renew(100);
  runnerInfo.answered(99, 200);
  assert.equal(runnerInfo.at(201), about);
  runnerInfo.answered(201, 300);
  assert.equal(runnerInfo.at(301), undefined);
  runnerInfo.renew(400);
  assert.equal(runnerInfo.at(401), about);
});
