import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { SMTPServerOptions } from 'smtp-server';
import { NonRetryableError } from '../task.ts';
import email from './email.ts';
import { resultOf, temporaryFolder } from './testing/context.ts';
import { refusal, smtpServer } from './testing/smtp-server.ts';

const TASK_ID = 'a1b2c3d4-e5f6-4890-abcd-ef1234567890';
const welcome = { to: 'user@example.com', subject: 'Welcome Email', template: 'welcome' };

/** A folder for messages, and the environment that selects it. */
async function outbox(test: TestContext, ...below: string[]) {
  const folder = join(await temporaryFolder(test), ...below);
  return { folder, env: { OUTBOX_DIR: folder } };
}

/** A mail server, the messages that it receives, and the environment that selects it. */
async function server(test: TestContext, options?: SMTPServerOptions) {
  const { url, received } = await smtpServer(test, options);
  return { received, env: { SMTP_URL: url, MAIL_FROM: 'Queue <queue@example.org>' } };
}

test('without a mail server, the task writes the message to the outbox under its task id', async (t) => {
  const { folder, env } = await outbox(t);
  const file = join(folder, `${TASK_ID}.eml`);
  assert.deepEqual(await resultOf(email, welcome, { taskId: TASK_ID, env }), {
    messageId: `<${TASK_ID}@localhost>`,
    accepted: ['user@example.com'],
    transport: 'outbox',
    file,
  });
  const source = await readFile(file, 'utf8');
  assert.match(source, /^To: user@example\.com\r$/m);
  assert.match(source, /^Subject: Welcome Email\r$/m);
  assert.match(source, /^Content-Type: text\/plain/m);
  assert.match(source, /^Content-Type: text\/html/m);
});

test('a repeated attempt replaces the message of the task in the outbox', async (t) => {
  const { folder, env } = await outbox(t);
  const first = await resultOf(email, welcome, { attempt: 1, env });
  assert.deepEqual(await resultOf(email, welcome, { attempt: 2, env }), first);
  assert.equal((await readdir(folder)).length, 1);
});

test('the folder of the outbox is created if it is missing', async (t) => {
  const { folder, env } = await outbox(t, 'mail', 'out');
  await resultOf(email, welcome, { env });
  assert.equal((await readdir(folder)).length, 1);
});

test('the error for an outbox that cannot be written names the setting, not the path', async (t) => {
  const file = join(await temporaryFolder(t), 'file');
  await writeFile(file, '');
  await assert.rejects(
    resultOf(email, welcome, { env: { OUTBOX_DIR: file } }),
    new NonRetryableError(
      'The runner cannot write the message to its outbox, the folder OUTBOX_DIR (EEXIST): a part of its path is a file, not a folder; choose another path.',
    ),
  );
});

test('the message reaches every recipient through the mail server', async (t) => {
  const { received, env } = await server(t);
  const to = ['one@example.com', 'two@example.com'];
  assert.deepEqual(await resultOf(email, { ...welcome, to }, { taskId: TASK_ID, env }), {
    messageId: `<${TASK_ID}@example.org>`,
    accepted: to,
    transport: 'smtp',
  });
  const [mail] = received;
  assert.deepEqual({ from: mail?.from, to: mail?.to }, { from: 'queue@example.org', to });
  assert.match(mail?.source ?? '', new RegExp(`^Message-ID: <${TASK_ID}@example\\.org>\r$`, 'm'));
});

test('a repeated attempt sends the same Message-ID', async (t) => {
  const { received, env } = await server(t);
  await resultOf(email, welcome, { attempt: 1, env });
  await resultOf(email, welcome, { attempt: 2, env });
  const [first, second] = received.map(({ source }) => source.match(/^Message-ID: .*$/m)?.[0]);
  assert.ok(first);
  assert.equal(first, second);
});

test('the payload may contain the sender, the text and the HTML', async (t) => {
  const { received, env } = await server(t);
  const from = { name: 'Zoë', address: 'zoe@example.net' };
  await resultOf(
    email,
    { to: 'a@example.com', from, subject: 'Hi', text: 'plain', html: '<p>rich</p>' },
    { env },
  );
  assert.equal(received[0]?.from, 'zoe@example.net');
  assert.match(received[0]?.source ?? '', /^plain\r$/m);
  assert.match(received[0]?.source ?? '', /^<p>rich<\/p>\r$/m);
});

test('a permanent refusal by the mail server is not retried', async (t) => {
  const { env } = await server(t, {
    onRcptTo: (_address, _session, done) => done(refusal(550, 'No such user')),
  });
  await assert.rejects(resultOf(email, welcome, { env }), (error) => {
    assert.ok(error instanceof NonRetryableError);
    assert.match(error.message, /^The mail server refused the message: .*550 No such user/);
    return true;
  });
});

test('a temporary refusal by the mail server is retried', async (t) => {
  const { env } = await server(t, {
    onRcptTo: (_address, _session, done) => done(refusal(451, 'Try again later')),
  });
  await assert.rejects(
    resultOf(email, welcome, { env }),
    (error) => error instanceof Error && !(error instanceof NonRetryableError) && /451/.test(error.message),
  );
});

test('a message is retried if the server cannot be reached', async () => {
  const env = { SMTP_URL: 'smtp://127.0.0.1:1' };
  await assert.rejects(resultOf(email, welcome, { env }), (error) => !(error instanceof NonRetryableError));
});

test('the result contains refused recipients, and the other recipients get no second message', async (t) => {
  const { env } = await server(t, {
    onRcptTo: ({ address }, _session, done) => done(address.startsWith('gone') ? refusal(550, 'Gone') : null),
  });
  const lines: string[] = [];
  const onLog = ({ level, message }: { level: string; message: string }) =>
    void lines.push(`${level} ${message}`);
  const to = ['gone@example.com', 'here@example.com'];
  const result = await resultOf(email, { ...welcome, to }, { onLog, taskId: TASK_ID, env });
  assert.deepEqual(result, {
    messageId: `<${TASK_ID}@example.org>`,
    accepted: ['here@example.com'],
    rejected: ['gone@example.com'],
    transport: 'smtp',
  });
  assert.deepEqual(lines, ['warn The mail server refused 1 of the recipients']);
});

test('an abort stops the delivery', async (t) => {
  const abort = new AbortController();
  const { env } = await server(t, { onMailFrom: () => abort.abort() });
  await assert.rejects(resultOf(email, welcome, { signal: abort.signal, env }), { name: 'AbortError' });
});

test('values are escaped in the HTML part and unchanged in the text part', async (t) => {
  const { folder, env } = await outbox(t);
  await resultOf(email, { ...welcome, data: { name: '<b>Ann & Bo</b>' } }, { taskId: TASK_ID, env });
  const source = await readFile(join(folder, `${TASK_ID}.eml`), 'utf8');
  assert.match(source, /^Welcome, <b>Ann & Bo<\/b>!\r$/m);
  assert.match(source.replaceAll('=\r\n', ''), /Welcome, &lt;b&gt;Ann &amp; Bo&lt;\/b&gt;!<\/h1>/);
});

test('every template renders without data and leaves no gap', async (t) => {
  const { folder, env } = await outbox(t);
  for (const template of ['notification', 'report', 'welcome']) {
    await resultOf(email, { ...welcome, template }, { taskId: template, env });
    assert.doesNotMatch(await readFile(join(folder, `${template}.eml`), 'utf8'), /undefined|<%|(\r\n){3}/);
  }
});

test('only a web address becomes a link', async (t) => {
  const { folder, env } = await outbox(t);
  const data = { message: 'Look', url: 'javascript:alert(1)' };
  await resultOf(email, { ...welcome, template: 'notification', data }, { taskId: TASK_ID, env });
  assert.doesNotMatch(await readFile(join(folder, `${TASK_ID}.eml`), 'utf8'), /javascript/);
});

for (const template of [
  'unheard-of',
  '../email-templates/welcome',
  '/etc/passwd',
  'layouts/page',
  '@welcome',
  '',
]) {
  test(`a template named ${JSON.stringify(template)} is refused, and the error lists the existing templates`, async (t) => {
    const { env } = await outbox(t);
    await assert.rejects(
      resultOf(email, { ...welcome, template }, { env }),
      new NonRetryableError(
        `There is no email template \`${template}\`. The templates are: notification, report, welcome.`,
      ),
    );
  });
}

for (const [what, change] of Object.entries({
  'a line break in the subject': { subject: 'Hello\r\nBcc: all@example.com' },
  'a line break in a recipient': { to: 'user@example.com\nBcc: all@example.com' },
  'a line break in one of many recipients': { to: ['a@example.com', 'user@example.com\r\nX: y'] },
  "a line break in the sender's name": { from: { name: 'A\nB', address: 'a@example.com' } },
  'no recipient': { to: [] },
  'a recipient without a domain': { to: 'user' },
  'neither a template nor a text': { template: undefined },
  'both a template and a text': { text: 'Hello' },
  'an unknown option': { cc: 'other@example.com' },
})) {
  test(`${what} is refused`, () => {
    assert.ok(!email.payload.safeParse({ ...welcome, ...change }).success);
  });
}
