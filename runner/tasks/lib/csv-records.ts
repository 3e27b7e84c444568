import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { NonRetryableError } from '../../task.ts';

const MAX_RECORD_CHARACTERS = 65_536;

export interface CsvReading {
  /** The file's name in messages. */
  readonly name: string;
  readonly signal: AbortSignal;
  /** Called for each new whole percent of the file's bytes that has been read. */
  onPercent(percent: number): void;
  /** Called for each record in order. The first record is the header. */
  onRecord(record: readonly string[]): void;
}

/**
 * Reads a CSV file record by record. The whole file is never in memory.
 *
 * @throws NonRetryableError if the file is not valid CSV. The message contains the line.
 */
export async function readCsv(
  file: string,
  { name, signal, onPercent, onRecord }: CsvReading,
): Promise<void> {
  const { size } = await stat(file);
  const parser = parse({ bom: true, skip_empty_lines: true, max_record_size: MAX_RECORD_CHARACTERS });
  try {
    await pipeline(
      createReadStream(file),
      (chunks: AsyncIterable<Buffer>) => measured(chunks, size, onPercent),
      parser,
      async (records: AsyncIterable<string[]>) => {
        for await (const record of records) onRecord(record);
      },
      { signal },
    );
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new NonRetryableError(`\`${name}\` is not valid CSV: ${error.message}.`, { cause: error });
  }
}

/** Passes on the chunks and reports each new whole percent of `size`. */
async function* measured(chunks: AsyncIterable<Buffer>, size: number, onPercent: CsvReading['onPercent']) {
  let read = 0;
  let told = 0;
  for await (const chunk of chunks) {
    yield chunk;
    read += chunk.length;
    const percent = Math.min(100, Math.floor((100 * read) / size));
    if (percent > told) onPercent(percent);
    told = percent;
  }
}
