import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '../../edge/testing/wait-for.ts';
import { idsOf } from '../held-task.ts';
import { openActions } from '../testing/lanes/open-actions.ts';

const ACTIONS = `
const forged = { kind: 'stray', jobId: 0, message: 'Forged', ids: { taskId: 'victim', leaseId: 'l', attempt: 1 } };
const actions = {
  'replace what a note becomes': (_payload, { log }) => {
    Object.prototype.toJSON = () => forged;
    log.info('a line');
    delete Object.prototype.toJSON;
  },
  'fail later': () => void setTimeout(() => { throw new Error('Forged'); }, 20),
  'wait': () => new Promise((resolve) => setTimeout(resolve, 300)),
  'exit later': () => void setTimeout(() => process.exit(1), 100),
  'log without a limit': (_payload, { log }) => {
    Math.max = () => Infinity;
    for (let count = 0; count < 20_000; count += 1) log.info('a line');
  },
};`;

test('a note stays what it is, whatever a task adds to all objects', async (t) => {
  const { start, codeOf, events, lines } = await openActions(t, ACTIONS);
  const strays: object[] = [];
  events.on('stray', (stray) => void strays.push(stray));
  assert.equal(await codeOf(start('replace what a note becomes')), 'success');
  assert.deepEqual([lines, strays], [['a line'], []]);
});

test('what an ended task leaves behind is reported in a sentence of the runner, with the ids of that task', async (t) => {
  const { start, codeOf, events } = await openActions(t, ACTIONS);
  const strays: { sentence: string; ids: object | undefined }[] = [];
  events.on('stray', (stray) => void strays.push(stray));
  const held = start('fail later');
  assert.equal(await codeOf(held), 'success');
  await codeOf(start('wait'));
  await waitFor('the report', () => strays.length > 0);
  const sentence = `Task ${held.task.taskId} left something behind that failed: Forged`;
  assert.deepEqual(strays, [{ sentence, ids: idsOf(held) }]);
});

test('the limit of a log holds if a task replaces Math.max', async (t) => {
  const { start, codeOf, lines } = await openActions(t, ACTIONS);
  assert.equal(await codeOf(start('log without a limit')), 'success');
  assert.ok(lines.length < 2000, `${lines.length} lines`);
});

test('if code that an ended task left behind ends a shared thread, its tasks are given back', async (t) => {
  const { start, codeOf, givenBack } = await openActions(t, ACTIONS, { tasksPerThread: 3 });
  assert.equal(await codeOf(start('exit later')), 'success');
  const neighbours = [start('wait'), start('wait')];
  await waitFor('them to be given back', () => givenBack.length === 2);
  assert.deepEqual(new Set(givenBack), new Set(neighbours));
});
