import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport, type SendMailOptions } from 'nodemailer';
import addressparser from 'nodemailer/lib/addressparser';
import { z } from 'zod';
import { defineTask, NonRetryableError, type TaskContext } from '../task.ts';
import { writeWhole } from './lib/data-file.ts';
import { renderEmail } from './lib/email-template.ts';
import { fileFailure } from './lib/file-failure.ts';

const DEFAULT_SENDER = 'Task queue <no-reply@localhost>';
/** Every server must accept this many recipients in one message (RFC 5321, section 4.5.3.1.8). */
const MAX_RECIPIENTS = 100;

/** The text of a header. A line break in it would begin another header. */
const headerText = z
  .string()
  .max(500)
  .regex(/^\P{Cc}*$/u, 'Must have no line breaks or control characters');

const sender = z.union([z.email(), z.strictObject({ name: headerText, address: z.email() })]);
type Sender = z.output<typeof sender>;

const payload = z
  .strictObject({
    to: z.union([z.email(), z.array(z.email()).min(1).max(MAX_RECIPIENTS)]),
    /** The default is `MAIL_FROM`. */
    from: sender.optional(),
    subject: headerText.min(1),
    /** A template's name; its variables are `data` and `subject`. */
    template: z.string().optional(),
    data: z.record(z.string(), z.unknown()).default({}),
    text: z.string().optional(),
    html: z.string().optional(),
  })
  .refine(
    ({ template, text, html }) => (template === undefined) !== (text === undefined && html === undefined),
    'Set either `template`, or the message itself as `text`, `html` or both',
  );

/**
 * Sends an email through the server at `SMTP_URL`. If that is not set, writes the email to the folder
 * `OUTBOX_DIR`. The Message-ID is derived from the task, so a message that is sent twice can be recognised.
 */
export default defineTask({
  type: 'email',
  lane: 'io',
  timeoutSeconds: 60,
  maxAttempts: 5,
  backoff: { baseSeconds: 5, capSeconds: 600 },
  payload,
  env: ['SMTP_URL', 'MAIL_FROM', 'OUTBOX_DIR'],

  async run({ to, subject, from, ...content }, context) {
    const { SMTP_URL, MAIL_FROM, OUTBOX_DIR } = context.env;
    const sender = from ?? (MAIL_FROM || DEFAULT_SENDER);
    const { template, data, text, html } = content;
    const body = template === undefined ? { text, html } : await renderEmail(template, { ...data, subject });
    const messageId = messageIdOf(context.taskId, sender);
    const message = { to, from: sender, subject, ...body, messageId };
    if (SMTP_URL) return send(message, SMTP_URL, context);
    return putInOutbox(message, context.taskId, OUTBOX_DIR || 'outbox');
  },
});

async function send(message: SendMailOptions, url: string, { signal, log }: TaskContext) {
  const transport = createTransport(url);
  try {
    const { messageId, accepted, rejected } = await transport.sendMail({ ...message, signal });
    if (rejected.length === 0) return { messageId, accepted, transport: 'smtp' };
    // Another attempt would send the message again to recipients that already have it.
    log.warn(`The mail server refused ${rejected.length} of the recipients`, { rejected });
    return { messageId, accepted, rejected, transport: 'smtp' };
  } catch (error) {
    if (!isPermanent(error)) throw error;
    throw new NonRetryableError(`The mail server refused the message: ${error.message}`, { cause: error });
  } finally {
    transport.close();
  }
}

async function putInOutbox(message: SendMailOptions, taskId: string, folder: string) {
  const file = join(folder, `${encodeURIComponent(taskId)}.eml`);
  const transport = createTransport({ streamTransport: true, newline: 'windows' });
  const { messageId, envelope, message: source } = await transport.sendMail(message);
  try {
    await mkdir(folder, { recursive: true });
    await writeWhole(file, source);
  } catch (error) {
    throw fileFailure(error, 'The runner cannot write the message to its outbox, the folder OUTBOX_DIR');
  }
  return { messageId, accepted: envelope.to, transport: 'outbox', file };
}

function messageIdOf(taskId: string, from: Sender): string {
  const address =
    typeof from === 'string' ? addressparser(from, { flatten: true })[0]?.address : from.address;
  const domain = address?.split('@').at(-1) || 'localhost';
  return `<${encodeURIComponent(taskId)}@${domain}>`;
}

/** Whether the server answered that it will never accept this message (5xx). */
function isPermanent(error: unknown): error is Error {
  return error instanceof Error && 'permanent' in error && error.permanent === true;
}
