import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logged, withoutTimes } from '../testing/logged.ts';

test('a text line consists of the time, the level and the message', async () => {
  const text = await logged(`log.info('Testing connections...')`, null);
  assert.match(text, /^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\] \[INFO\] Testing connections\.\.\.\n$/);
  const written = Date.parse(text.slice(1, 25));
  assert.ok(Math.abs(Date.now() - written) < 60_000, 'the time is now, in UTC');
});

test('details follow the message as indented JSON', async () => {
  const details = { taskId: 'a', nested: { list: [1, 'two'], none: null } };
  const text = await logged(`log.warn({ taskId: 'hidden', details: args }, 'Reported')`, details);
  assert.equal(withoutTimes(text), `[WARN] Reported: ${JSON.stringify(details, null, 2)}\n`);
});

test('a message with placeholders and quotes is written unchanged', async () => {
  const message = '🗑️ 100 % of {msg} %s %d %o \\ "quoted" {levelLabel} - {time}';
  const text = await logged(`log.error({ taskId: 'a' }, args)`, message);
  assert.equal(withoutTimes(text), `[ERROR] ${message}\n`);
});

test('a message with line breaks stays on one line, so that it cannot forge another line', async () => {
  const forged = 'no such file\n[2026-01-01T00:00:00.000Z] [INFO] ✅ Task 1 completed successfully';
  const text = await logged(`log.error(args)`, forged);
  assert.equal(withoutTimes(text), `[ERROR] ${forged.replace('\n', '\\n')}\n`);
});

test('lines have no colours and keep their order', async () => {
  const text = await logged(`for (let i = 0; i < 100; i += 1) log.info('line ' + i)`, null);
  assert.equal(withoutTimes(text), Array.from({ length: 100 }, (_, i) => `[INFO] line ${i}\n`).join(''));
});

test('lines below the level are left out', async () => {
  const code = `for (const level of ['debug', 'info', 'warn', 'error']) log[level](level)`;
  const at = async (logLevel: 'debug' | 'warn' | 'silent') =>
    withoutTimes(await logged(code, null, { logLevel, logFormat: 'text' }));
  assert.equal(await at('debug'), '[DEBUG] debug\n[INFO] info\n[WARN] warn\n[ERROR] error\n');
  assert.equal(await at('warn'), '[WARN] warn\n[ERROR] error\n');
  assert.equal(await at('silent'), '');
});

test('a JSON line contains level, time, task id, message and details', async () => {
  const code = `log.info({ taskId: 'a', details: { n: 1 } }, 'Reported'); log.warn('two\\nlines')`;
  const text = await logged(code, null, { logLevel: 'info', logFormat: 'json' });
  const [first, second, ...rest] = text.trimEnd().split('\n');
  assert.equal(rest.length, 0);
  const line = JSON.parse(first ?? '');
  assert.equal(new Date(line.time).toISOString(), line.time);
  assert.deepEqual(
    { level: line.level, taskId: line.taskId, msg: line.msg, details: line.details },
    { level: 'info', taskId: 'a', msg: 'Reported', details: { n: 1 } },
  );
  assert.equal(JSON.parse(second ?? '').msg, 'two\nlines');
});
