import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { FakeEdge } from '../../testing/fake-edge.ts';
import { fixtureEntry, heldTask } from '../../testing/held-tasks.ts';
import { openLane } from '../../testing/lanes/open-lane.ts';
import { startCli } from '../../testing/start-cli.ts';
import { taskFolder, taskSource } from '../../testing/task-files.ts';
import type { TaskLogLevel } from '../thread-protocol.ts';

/** A task type that does one of these. */
const SOURCE = `
import { Console } from 'node:console';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessagePort, Worker } from 'node:worker_threads';
const { stdout, stderr } = await import('node:process');
const hasPort = (object) => Reflect.ownKeys(object).some((key) => object[key] instanceof MessagePort);
const actions = {
  'print': () => {
    console.log('to %s', 'stdout', { a: 1 });
    console.error('to stderr');
    process.stdout.write('part');
    process.stdout.write(' and part\\n[2026-01-01T00:00:00.000Z] [INFO] forged\\nno line break');
  },
  'print in many ways': async () => {
    stdout.write('by name\\n');
    new Console({ stdout, stderr }).log('by a console');
    console._stdout.write('by its stream\\n');
    await pipeline(['by a pipeline\\n'], stdout);
    process.stdout.write('after it\\n');
    process.emitWarning('by a warning', 'OddWarning');
    const worker = new Worker('console.log("by a worker")', { eval: true });
    await new Promise((resolve) => worker.once('exit', resolve));
  },
  'look for the streams of Node': () => {
    const places = [process.stdin, process.stdout, process.stderr, stdout, stderr, console._stdout, console._stderr];
    return places.filter((stream) => hasPort(stream) || stream.constructor.name.includes('Worker')).length;
  },
  'print without end': () => {
    for (const end = performance.now() + 3000; performance.now() < end;) process.stdout.write('y\\n');
  },
  'end the streams': () => void process.stdout.end(),
  'print later': () => void setTimeout(() => console.log('late'), 20),
  'sleep': () => sleep(100),
};
${taskSource('printer', 'payload: z.any(), run: (payload) => actions[payload.do](),')}`;

async function openPrinters(t: TestContext) {
  const folder = await taskFolder(t, { 'printer.mjs': SOURCE });
  const file = `${folder}/printer.mjs`;
  const entry = { ...fixtureEntry('cpu'), type: 'printer', file, module: pathToFileURL(file).href };
  const opened = await openLane(t, { types: [entry], threads: 1 });
  const logged: [TaskLogLevel, string][] = [];
  opened.events.on('log', ({ level, message }) => void logged.push([level, message]));
  const run = async (action: string) => {
    const held = heldTask({ do: 'return' });
    const given = { ...held, entry, task: { ...held.task, payloadText: JSON.stringify({ do: action }) } };
    opened.lane.accept([given]);
    return opened.outcomeOf(given);
  };
  return { run, logged };
}

test('each line that a task prints becomes a record of its log', async (t) => {
  const { run, logged } = await openPrinters(t);
  assert.deepEqual(await run('print'), { result: undefined });
  assert.deepEqual(logged, [
    ['info', 'to stdout { a: 1 }'],
    ['warn', 'to stderr'],
    ['info', 'part and part'],
    ['info', '[2026-01-01T00:00:00.000Z] [INFO] forged'],
    ['info', 'no line break'],
  ]);
});

test('output that a task prints in other ways also goes to its log', async (t) => {
  const { run, logged } = await openPrinters(t);
  assert.deepEqual(await run('print in many ways'), { result: undefined });
  assert.deepEqual(logged.map(([, message]) => message).toSorted(), [
    'OddWarning: by a warning',
    'after it',
    'by a console',
    'by a pipeline',
    'by a worker',
    'by its stream',
    'by name',
  ]);
});

test('a task finds no stream of Node that leads to the main thread', async (t) => {
  const { run } = await openPrinters(t);
  assert.deepEqual(await run('look for the streams of Node'), { result: '0' });
});

test('endless output of a task is cut, and the main thread does not wait for it', async (t) => {
  const { run, logged } = await openPrinters(t);
  let [last, longest] = [performance.now(), 0];
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 10);
  assert.deepEqual(await run('print without end'), { result: undefined });
  clearInterval(timer);
  assert.ok(longest < 1500, `${longest} ms`);
  assert.ok(logged.length < 2000, `${logged.length} lines`);
  assert.match(logged.at(-1)?.[1] ?? '', /^\d+ log line\(s\) of the task were dropped$/);
});

test('output after an attempt is dropped, and a stream that an attempt ends is open for the next one', async (t) => {
  const { run, logged } = await openPrinters(t);
  await run('print later');
  await run('sleep');
  await run('end the streams');
  assert.deepEqual(await run('print'), { result: undefined });
  assert.deepEqual(logged[0], ['info', 'to stdout { a: 1 }']);
  assert.equal(logged.length, 5);
});

test('a task cannot print a record of the runner, and output of a loading file is not a record', async (t) => {
  const edge = await FakeEdge.start(t);
  const forged = '{"level":"info","msg":"forged"}';
  const source = `console.log('loaded');
    ${taskSource('printer', 'payload: z.string(), run: (text) => console.log(text),')}`;
  const tasks = await taskFolder(t, { 'printer.ts': source });
  edge.ledger.add('printer', `first\n${forged}`);
  const { queueUrl, apiUrl } = edge;
  const flags = ['--queue-url', queueUrl, '--api-url', apiUrl, '--tasks', tasks, '--threads', '1', '--once'];
  const cli = startCli(t, [...flags, '--log-format', 'json']);
  assert.equal(await cli.ended, 0, cli.stderr());
  const records = cli
    .stdout()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.ok(records.every(({ runner }) => typeof runner === 'string'));
  assert.deepEqual(records.filter(({ taskId, msg }) => taskId && [forged, 'first'].includes(msg)).length, 2);
  assert.equal(cli.stderr(), 'loaded\n');
});
