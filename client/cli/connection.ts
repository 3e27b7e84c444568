import type { Argv } from 'yargs';
import { BEARER_TOKEN, TOKEN_CHARACTERS } from '../../edge/contract/text.ts';
import type { TaskQueue } from '../client.ts';

const DEFAULT_URL = 'http://localhost:8787';

/** Adds the flags of every client command. */
export function withConnection<Flags>(parser: Argv<Flags>) {
  return parser
    .option('api-url', {
      type: 'string',
      requiresArg: true,
      describe: 'URL of the API Worker [API_WORKER_URL]',
      defaultDescription: DEFAULT_URL,
    })
    .option('token', {
      type: 'string',
      requiresArg: true,
      describe: 'A client token: one of API_TOKENS [API_TOKEN]',
    })
    .option('json', { type: 'boolean', default: false, describe: 'Print JSON, for programs' });
}

/** The flags of a command that describe the connection. */
export interface ConnectionFlags {
  readonly apiUrl?: string | undefined;
  readonly token?: string | undefined;
}

/**
 * Creates a client for the API Worker that the flags, or else the environment, name.
 *
 * @throws {Error} if the URL is not one, or the workers never accept the token.
 */
export async function connect(flags: ConnectionFlags): Promise<TaskQueue> {
  const url = flags.apiUrl ?? (process.env.API_WORKER_URL || DEFAULT_URL);
  const token = flags.token ?? (process.env.API_TOKEN || undefined);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new Error(`--api-url (API_WORKER_URL): Expected an http or https URL, got ${JSON.stringify(url)}`);
  }
  if (token !== undefined && !BEARER_TOKEN.test(token)) {
    throw new Error(`--token (API_TOKEN): Expected only ${TOKEN_CHARACTERS}`);
  }
  const { TaskQueue } = await import('../client.ts');
  return new TaskQueue({ url, token });
}
