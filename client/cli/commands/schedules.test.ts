import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ID, openCli, TOGETHER } from '../../testing/test-cli.ts';

const cli = openCli();

const YEARLY = ['--type', 'cli-yearly', '--cron', '0 3 1 1 *', '--timezone', 'Europe/Berlin'];

describe('schedules', TOGETHER, () => {
  test('are set, shown, run, paused, resumed, listed, backfilled and deleted', async () => {
    const schedules = (...args: string[]) => cli.done(['schedules', ...args]);
    const set = await schedules('set', 'cli-s', ...YEARLY, '--payload', '{"n":1}', '--overlap', 'queue');
    assert.match(set, /^cli-s: At 03:00, .*, next at \d{4}-01-01T02:00:00.000Z$/);
    const shown = await schedules('show', 'cli-s');
    assert.match(shown, /^cli-s: At 03:00.* in Europe\/Berlin\n {2}task {5}cli-yearly {"n":1}\n/);
    assert.equal(shown.match(/^ {2}next /gm)?.length, 10);
    assert.match((await schedules('run', 'cli-s')).trim(), ID);
    assert.match(await schedules('pause', 'cli-s'), /^cli-s is paused/);
    assert.match(
      await schedules(),
      /cli-s +cli-yearly +At 03:00.* Europe\/Berlin +in \d+ d .*ago +pending +paused/,
    );
    assert.match(await schedules('resume', 'cli-s'), /^cli-s is resumed, next at /);
    assert.match(
      await schedules('backfill', 'cli-s', '--from', '730d', '--to', '0s'),
      /^Inserted [12] tasks?$/,
    );
    const listed = (await schedules('list', '--json'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.ok(listed.some(({ name, overlap }) => name === 'cli-s' && overlap === 'queue'));
    assert.equal(await schedules('delete', 'cli-s'), 'cli-s is deleted');
    assert.equal(await schedules('delete', 'cli-s'), 'There is no schedule cli-s');
  });

  for (const [what, args, message] of [
    ['neither times', ['--type', 'x'], /^Expected either --cron or --every/],
    [
      'a zone of an interval',
      ['--type', 'x', '--every', '5m', '--timezone', 'UTC'],
      /^--timezone: Expected --cron/,
    ],
    ['a wrong expression', ['--type', 'x', '--cron', '61 * * * *'], /^cron: The minute "61" is not valid/],
  ] as const) {
    test(`with ${what} are refused`, async () => {
      const { ended, stderr } = await cli.run(['schedules', 'set', 'cli-bad', ...args]);
      assert.equal(ended, 1);
      assert.match(stderr, message);
    });
  }
});
