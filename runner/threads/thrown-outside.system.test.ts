import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openActions } from '../testing/lanes/open-actions.ts';

const SOURCE = `
import * as nodeProcess from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
const forget = () => {
  for (const event of ['uncaughtException', 'unhandledRejection']) process.removeAllListeners(event);
};
const message = (act) => {
  try {
    return act();
  } catch (error) {
    return error.message;
  }
};
const actions = {
  throw: () => {
    forget();
    setTimeout(() => { throw new Error('thrown outside'); }, 10);
    return sleep(60_000);
  },
  reject: () => {
    forget();
    setTimeout(() => void Promise.reject(new Error('thrown outside')), 10);
    return sleep(60_000);
  },
  'throw with a listener that throws': () => {
    process.on('uncaughtException', () => { throw new Error('by the listener'); });
    setTimeout(() => { throw new Error('thrown outside'); }, 10);
    return sleep(60_000);
  },
  'take over': () => {
    const take = () => {};
    return [process, nodeProcess].map((of) => message(() => of.setUncaughtExceptionCaptureCallback(take) ?? 'taken'));
  },
  sleep: ({ ms }) => sleep(ms, 'slept'),
};`;

for (const how of ['throw', 'reject', 'throw with a listener that throws']) {
  test(`what a task throws outside its promise fails it alone, whatever listens (${how})`, async (t) => {
    const { start, outcomeOf } = await openActions(t, SOURCE, { tasksPerThread: 2 });
    const neighbour = start('sleep', { ms: 500 });
    const outcome = await outcomeOf(start(how));
    assert.equal('error' in outcome && outcome.error.message, 'thrown outside');
    assert.deepEqual(await outcomeOf(neighbour), { result: '"slept"' });
  });
}

test('a task cannot take over what others throw', async (t) => {
  const { start, outcomeOf } = await openActions(t, SOURCE);
  const refused = 'Task code cannot catch what others throw';
  assert.deepEqual(await outcomeOf(start('take over')), { result: JSON.stringify([refused, refused]) });
});
