import { readText } from './files.ts';
import { parseJsonText } from './json-text.ts';

/** The value of `--payload`: JSON, `@FILE`, or `@-` for standard input. */
export async function readPayload(text: string): Promise<unknown> {
  if (!text.startsWith('@')) return parseJsonText(text, '--payload');
  return parseJsonText(await readText(text.slice(1), 'payload'), `--payload ${text}`);
}
