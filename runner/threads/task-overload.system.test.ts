import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '../../edge/testing/wait-for.ts';
import { openActions } from '../testing/lanes/open-actions.ts';
import { longestBlockMs } from '../testing/longest-block.ts';

/** Code that replaces what the runner's own code calls on the thread, so that it would send `huge`. */
const REPLACED = {
  'Array.prototype.push': `
    const { push } = Array.prototype;
    Array.prototype.push = function (...items) {
      return items[0]?.outcome ? this.splice(0, 0, huge) : push.apply(this, items);
    };`,
  'Array.prototype.entries': `Array.prototype.entries = () => [[0, { id: huge, module: 'none' }]].values();`,
  'Promise.race': 'Promise.race = () => Promise.resolve({ result: huge });',
  'Promise.all': 'Promise.all = () => Promise.resolve(huge);',
  'Promise.prototype.then': `
    const { then } = Promise.prototype;
    Promise.prototype.constructor = class extends Promise {};
    Promise.prototype.then = function (resolve, reject) { return then.call(this, () => resolve(huge), reject); };`,
  'Map.prototype.get': `
    const { get } = Map.prototype;
    Map.prototype.get = function (key) { return String(key).endsWith('thread.ts/default') ? () => huge : get.call(this, key); };`,
  'Object.prototype.toJSON': `
    Object.prototype.toJSON = function () { return this === huge || 'index' in this ? this : huge; };`,
  'Array.prototype[Symbol.iterator]':
    'Array.prototype[Symbol.iterator] = function* () { yield huge; yield huge; };',
  'JSON and Buffer.byteLength':
    'JSON.stringify = () => huge; JSON.parse = () => 1; Buffer.byteLength = () => 1;',
  'performance.now': 'performance.now = () => huge; Math.max = () => huge;',
  'String.prototype.slice': `
    String.prototype.slice = () => huge;
    setTimeout(() => { throw new Error('a stray'); }, 50);`,
};

/** Code that throws, once the task has ended, what a thread would send the main thread. */
const THROWN = {
  'in a timer': `
    process.removeAllListeners('uncaughtException');
    setTimeout(() => { throw huge; }, 50);`,
  'as a rejection': `
    process.removeAllListeners('unhandledRejection');
    process.removeAllListeners('uncaughtException');
    setTimeout(() => void Promise.reject(huge), 50);`,
  'as a monitor of errors': `
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtExceptionMonitor', () => { throw huge; });
    setTimeout(() => { throw new Error('small'); }, 50);`,
  'by process.emit': `
    process.emit = () => { throw huge; };
    setTimeout(() => { throw new Error('small'); }, 50);`,
  'by setImmediate': `
    require('node:timers').setImmediate = () => { throw huge; };
    setTimeout(() => { throw new Error('small'); }, 50);`,
};

const SOURCE = `
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
const CODES = ${JSON.stringify({ ...REPLACED, ...THROWN })};
const actions = {
  attack: ({ what }) => {
    const huge = Array.from({ length: 1_000_000 }, (_, index) => ({ index }));
    new Function('huge', 'require', CODES[what])(huge, createRequire(import.meta.url));
    return 'attacked';
  },
  sleep: ({ ms }) => sleep(ms, 'slept'),
};`;

const CASES = [
  ...Object.keys(REPLACED).map((what) => [what, 1] as const),
  ...Object.keys(THROWN).map((what) => [what, 2] as const),
];

for (const [what, tasksPerThread] of CASES) {
  test(`the main thread does not wait for what a task makes its thread send (${what})`, async (t) => {
    const { start, codeOf, outcomeOf, outcomes, givenBack } = await openActions(t, SOURCE, {
      tasksPerThread,
    });
    const blocked = await longestBlockMs(async () => {
      await codeOf(start('attack', { what }));
      // The thread may end while this task runs on it.
      const neighbour = start('sleep', { ms: 200 });
      await waitFor('the neighbour', () => outcomes.has(neighbour) || givenBack.includes(neighbour));
      assert.deepEqual(await outcomeOf(start('sleep', { ms: 1 })), { result: '"slept"' });
    });
    assert.ok(blocked < 300, `${blocked} ms`);
  });
}
