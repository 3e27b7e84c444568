import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { QueueStats, RunnerList, TypeSwitch } from '../../../edge/contract/stats.ts';
import { openEdge } from '../../../edge/testing/shared-edges.ts';
import { openCli } from '../../testing/test-cli.ts';

const edge = openEdge();
const cli = openCli();

describe('stats, runners, pause, resume', () => {
  test('statistics show that a type is paused and that no runner handles it', async () => {
    await edge.submitManyReady('cli-stats', 2);
    const paused = await cli.done(['pause', 'cli-stats']);
    assert.equal(paused, 'cli-stats is paused. Run `runner resume cli-stats` to resume it');
    const [table, json] = await Promise.all([cli.done(['stats']), cli.done(['stats', '--json'])]);
    assert.match(table, /^TYPE +READY +SCHEDULED +PROCESSING +COMPLETED +FAILED +CANCELLED +NOTE$/m);
    assert.match(table, /^cli-stats +2 +0 +0 +0 +0 +0 +paused, no runner handles it$/m);
    assert.match(table, /^Oldest waiting task: [0-9a-f-]{36}, /m);
    const { types } = QueueStats.parse(JSON.parse(json));
    assert.equal(types.find(({ type }) => type === 'cli-stats')?.paused, true);
    const resumed = TypeSwitch.parse(JSON.parse(await cli.done(['resume', 'cli-stats', '--json'])));
    assert.deepEqual(resumed, { success: true, type: 'cli-stats', paused: false });
  });

  test('a runner is shown with the tasks that it holds and its stuck threads', async () => {
    const [id = ''] = await edge.submitManyReady('cli-held', 1);
    const wants = [{ types: ['cli-held'], limit: 1 }];
    const since = new Date().toISOString();
    const stuck = [{ lane: 'cpu', taskId: id, type: 'cli-held', since }];
    const about = { startedAt: since, threads: 2, ioConcurrency: 4, types: ['cli-held'], stuck };
    const order = { leaseId: crypto.randomUUID(), runner: 'runner-1', wants, about };
    assert.equal((await edge.buffer.post('/tasks/claim', order)).status, 200);
    const [table, json] = await Promise.all([cli.done(['runners']), cli.done(['runners', '--json'])]);
    assert.match(table, /^runner-1 .*1/m);
    assert.match(table, new RegExp(`^${id}  cli-held  .* ago$`, 'm'));
    assert.match(table, new RegExp(`^  cpu lane, since .* ago, by task ${id} of type cli-held$`, 'm'));
    assert.ok(RunnerList.parse(JSON.parse(json)).runners.some(({ name }) => name === 'runner-1'));
  });

  test('a line break in the name of a runner does not start a line', async () => {
    const [id = ''] = await edge.submitManyReady('cli-forged', 1);
    const wants = [{ types: ['cli-forged'], limit: 1 }];
    const since = new Date().toISOString();
    const stuck = [{ lane: 'cpu', taskId: id, type: 'cli-forged', since }];
    const about = { startedAt: since, threads: 2, ioConcurrency: 4, types: ['cli-forged'], stuck };
    const order = { leaseId: crypto.randomUUID(), runner: 'bad\nAll is well', wants, about };
    assert.equal((await edge.buffer.post('/tasks/claim', order)).status, 200);
    const table = await cli.done(['runners']);
    assert.match(table, /^bad\\nAll is well holds 1 task:$/m);
    assert.match(table, /^bad\\nAll is well has threads that do not end/m);
    assert.doesNotMatch(table, /^All is well/m);
  });

  cli.refuses([
    [['pause'], /^Not enough non-option arguments/m],
    [['resume', 'no such type'], /Expected letters, digits/],
  ]);
});
