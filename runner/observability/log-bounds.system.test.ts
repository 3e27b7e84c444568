import assert from 'node:assert/strict';
import { type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { FakeEdge } from '../testing/fake-edge.ts';
import { logged, withoutTimes } from '../testing/logged.ts';
import { startCli } from '../testing/start-cli.ts';
import { taskFolder, taskSource } from '../testing/task-files.ts';

const MAX_RECORD_BYTES = 8192;
const ESC = '\u001b';
const TEXT = { logLevel: 'debug', logFormat: 'text' } as const;
const JSON_LINES = { logLevel: 'debug', logFormat: 'json' } as const;

/** The records of a log. Each starts with its time. */
const recordsOf = (text: string) => text.split(/^(?=\[\d{4}-)/m);

for (const options of [TEXT, JSON_LINES]) {
  const records = (text: string) => (options === TEXT ? recordsOf(text) : text.split(/(?<=\n)/));

  test(`as ${options.logFormat}, no record exceeds its bound, and the log continues after a large one`, async () => {
    const code = `
      const nested = (items, depth) => { let value = items; while (depth-- > 0) value = [value]; return value; };
      const large = ['x'.repeat(9_000_000), nested(Array(1_200_000).fill(1), 180), Array(200_000).fill({ a: ['✅'] })];
      const startedAt = performance.now();
      for (const payload of large) { log.info({ details: { payload } }, 'large'); log.info('after'); }
      log.warn('w'.repeat(50_000_000));
      log.warn('\\u0000'.repeat(50_000));
      log.info({ ['k'.repeat(100_000)]: 1, details: { ['k'.repeat(100_000)]: 1 } }, 'keys');
      log.info({ ms: performance.now() - startedAt }, 'last ' + (performance.now() - startedAt < 2000 ? 'soon' : 'late'));`;
    const written = records(await logged(code, null, options)).filter(Boolean);
    assert.equal(written.length, 10);
    for (const record of written) assert.ok(Buffer.byteLength(record) <= MAX_RECORD_BYTES);
    assert.match(written.at(-1) ?? '', /last soon/);
    assert.match(written[6] ?? '', /w{4000}… \[cut, 50000000 characters\]/);
    if (options === JSON_LINES)
      for (const record of written) assert.equal(JSON.parse(record).runner, 'host-1');
  });

  test(`as ${options.logFormat}, logged text can neither control the terminal nor add a line`, async () => {
    const evil = `${ESC}]0;title\u0007${ESC}[2J\u009b31m\u202eabc\u2028[INFO] forged\r\n[INFO] forged`;
    const code = `
      log.info({ taskId: args, details: { payload: { [args]: [args, { deep: args }] } } }, args);
      log.info({ details: args }, args);`;
    const text = await logged(code, evil, options);
    assert.doesNotMatch(text.replaceAll('\n', ''), /\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
    assert.doesNotMatch(text, /^\[INFO\] forged/m);
    if (options === TEXT) {
      const lines = withoutTimes(text).trimEnd().split('\n');
      assert.equal(lines.filter((line) => !/^( |\}|\[INFO\] \\u001b\])/.test(line)).length, 0, text);
    } else {
      const [first] = text.trimEnd().split('\n');
      assert.equal(JSON.parse(first ?? '').msg, evil);
    }
  });
}

test('details whose indentation exceeds the bound are cut', async () => {
  const text = await logged(
    `log.info({ details: args }, 'many')`,
    Array.from({ length: 1500 }, () => [1]),
  );
  assert.ok(Buffer.byteLength(text) <= MAX_RECORD_BYTES);
  assert.match(text, /… \[cut\]\n$/);
});

for (const { logFormat } of [TEXT, JSON_LINES]) {
  const skip = process.platform !== 'linux' && 'no /dev/full';
  test(`a runner continues if its ${logFormat} log cannot be written`, { skip }, async (t) => {
    const script = `
      import { createLogger } from './log.ts';
      const log = createLogger({ logLevel: 'info', logFormat: '${logFormat}' }, 'r');
      for (let i = 0; i < 1000; i += 1) log.info('x'.repeat(4000));
      setImmediate(() => console.error('alive'));`;
    const full = await open('/dev/full', 'w');
    t.after(() => full.close());
    const stdio: StdioOptions = ['ignore', full.fd, 'pipe'];
    const argv = ['--input-type=module', '--eval', script];
    const child = spawn(process.execPath, argv, { cwd: import.meta.dirname, stdio });
    assert.ok(child.stderr);
    const [said] = await Promise.all([text(child.stderr), once(child, 'close')]);
    assert.equal(said, 'alive\n');
  });
}

/** Runs tasks of one type, `noisy`, on a real runner until none is left, and returns its log. */
async function logOf(
  t: Parameters<typeof FakeEdge.start>[0],
  { payloads, run = '() => 1', flags = [] }: { payloads: unknown[]; run?: string; flags?: string[] },
): Promise<{ text: string; edge: FakeEdge }> {
  const edge = await FakeEdge.start(t);
  const tasks = await taskFolder(t, { 'noisy.ts': taskSource('noisy', `payload: z.any(), run: ${run},`) });
  for (const payload of payloads) edge.ledger.add('noisy', payload, { maxAttempts: 1 });
  const { queueUrl, apiUrl } = edge;
  const urls = ['--queue-url', queueUrl, '--api-url', apiUrl, '--tasks', tasks];
  const rest = ['--threads', '1', '--poll-interval', '100', '--once', ...flags];
  const cli = startCli(t, [...urls, ...rest]);
  assert.equal(await cli.ended, 0, cli.stderr());
  assert.ok(edge.ledger.allSettled);
  return { text: cli.stdout(), edge };
}

test('a payload up to 2 KB is shown, a larger one is replaced by its size, and the log continues', async (t) => {
  let deep: unknown = Array.from({ length: 1_200_000 }, () => 1);
  for (let depth = 0; depth < 150; depth += 1) deep = [deep];
  const payloads = ['s'.repeat(2040), 'x'.repeat(9_000_000), deep];
  const { text } = await logOf(t, { payloads });
  assert.ok(text.includes(`"payload": "${'s'.repeat(2040)}"`));
  assert.match(text, /"payload": "\[8\.6 MB\]"/);
  assert.match(text, /"payload": "\[2\.3 MB\]"/);
  assert.equal(text.match(/✅ Task .* completed successfully/g)?.length, 3);
  assert.match(text, /Task Consumer stopped\n$/);
});

for (const flags of [
  ['--log-payloads', 'never'],
  ['--log-format', 'json'],
]) {
  test(`with ${flags.join(' ')}, the log contains no payload`, async (t) => {
    const { text } = await logOf(t, { payloads: [{ secret: 'in the payload' }], flags });
    assert.match(text, /Processing Task/);
    assert.doesNotMatch(text, /secret|payload"/);
  });
}

test('what a task throws and logs adds no forged line to the log and stays within the bounds', async (t) => {
  const run = `(_payload, { log }) => {
    const forged = '\\n[2026-01-01T00:00:00.000Z] [INFO] forged\\u001b[2J';
    const circle = { forged };
    circle.self = circle;
    log.info('l'.repeat(50_000_000));
    log.warn({ toString: null }, circle);
    log.error(forged, { get broken() { throw new Error('no'); }, text: 'd'.repeat(50_000_000), [forged]: forged });
    log.info('after');
    throw new Error(forged + 'm'.repeat(30_000_000));
  }`;
  const { text, edge } = await logOf(t, { payloads: [1], run });
  assert.ok(!text.includes(ESC));
  assert.doesNotMatch(text, /^\[2026-01-01/m);
  assert.match(text, /l{4000}… \[cut, 50000000 characters\]/);
  assert.match(text, /\[WARN\] \[object\]: \{\n {2}"forged": .*\n {2}"self": "\[circular\]"\n\}/);
  assert.match(text, /"broken": "\[unreadable\]"/);
  assert.match(text, /\[INFO\] after\n/);
  assert.match(text, /❌ Task .* failed: Error: \\n\[2026.* forged\\u001b\[2Jm+/);
  for (const record of recordsOf(text)) assert.ok(Buffer.byteLength(record) <= MAX_RECORD_BYTES);
  const sent = edge.callsTo('/tasks/complete').map(({ text }) => text.length);
  assert.ok(Math.max(...sent) < 10_000, 'the whole message was sent');
});
