import type { ByteReader } from './byte-reader.ts';

const NEWLINE = 10;

export interface Line {
  text: string;
  bytes: number;
}

/** Reads UTF-8 text line by line. A skipped line is not kept in memory. */
export class LineReader {
  readonly #source: ByteReader;
  #rest: Uint8Array = new Uint8Array(0);
  #isAtEnd = false;
  /** The number of bytes fetched so far. */
  bytes = 0;

  constructor(source: ByteReader) {
    this.#source = source;
  }

  /** Returns the next line; null after the last. */
  async next(): Promise<Line | null> {
    const decoder = new TextDecoder();
    const line: Line = { text: '', bytes: 0 };
    const found = await this.#pass((part) => {
      line.text += decoder.decode(part, { stream: true });
      line.bytes += part.length;
    });
    line.text += decoder.decode();
    return found ? line : null;
  }

  /** Skips the next line; returns false after the last. */
  skip(): Promise<boolean> {
    return this.#pass(() => {});
  }

  async #pass(take: (part: Uint8Array) => void): Promise<boolean> {
    if (this.#isAtEnd) return false;
    let end = this.#rest.indexOf(NEWLINE);
    while (end === -1) {
      take(this.#rest);
      this.#rest = new Uint8Array(0);
      const piece = await this.#source.read();
      if (piece === null) {
        this.#isAtEnd = true;
        return true;
      }
      this.bytes += piece.length;
      this.#rest = piece;
      end = piece.indexOf(NEWLINE);
    }
    take(this.#rest.subarray(0, end));
    this.#rest = this.#rest.subarray(end + 1);
    return true;
  }
}
