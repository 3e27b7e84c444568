import { StringDecoder } from 'node:string_decoder';
import { MAX_LOG_LENGTH } from '../thread-protocol.ts';

/** Assembles lines from printed pieces. A line without an end is cut when a log record is full. */
export class PrintedLines {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder();
  /** The start of the line that has not ended. */
  #start = '';
  /** The rest of this line is dropped. */
  #isCut = false;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(piece: Buffer): void {
    const lines = this.#decoder.write(piece).split('\n');
    const rest = lines.pop() ?? '';
    for (const line of lines) this.#endLine(line);
    if (this.#isCut) return;
    this.#start += rest;
    if (this.#start.length <= MAX_LOG_LENGTH) return;
    this.#endLine('');
    this.#isCut = true;
  }

  /** The output has ended, so the text without a line break is the last line. */
  end(): void {
    this.#endLine(this.#decoder.end());
  }

  #endLine(rest: string): void {
    const line = this.#isCut ? '' : this.#start + rest;
    this.#start = '';
    this.#isCut = false;
    if (line.trim() !== '') this.#onLine(line.trimEnd());
  }
}
