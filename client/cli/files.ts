import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** Names standard input instead of a file. */
export const STDIN = '-';

/** The text of a file, or of standard input. */
export async function readText(file: string, flag: string): Promise<string> {
  return withReason(flag, file, () => text(open(file)));
}

/** The lines of a file, or of standard input, as they are read. */
export async function* readLines(file: string, flag: string): AsyncGenerator<string, void, undefined> {
  const lines = createInterface({ input: open(file), crlfDelay: Number.POSITIVE_INFINITY })[
    Symbol.asyncIterator
  ]();
  for (;;) {
    const { value, done } = await withReason(flag, file, () => lines.next());
    if (done) return;
    yield value;
  }
}

function open(file: string): Readable {
  return file === STDIN ? process.stdin : createReadStream(file);
}

async function withReason<Value>(flag: string, file: string, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    // Such as `ENOENT: no such file or directory, open 'FILE'`.
    const reason = (error instanceof Error ? error.message : String(error)).replace(/, \w+( '.*')?$/, '');
    throw new Error(`--${flag}: ${file === STDIN ? 'standard input' : file} cannot be read (${reason})`);
  }
}
