import { boundedCopy, boundedText, jsonBytes } from './bounded.ts';

/** A record of the log takes no more, as it is written. */
export const MAX_RECORD_BYTES = 8192;
const MAX_MESSAGE_BYTES = 4096;
/** The message and the fields together: the rest is for what each record carries, such as its time. */
const MAX_CONTENT_BYTES = 6656;
/** What the main thread adds to the fields of a task's record: the ids of the attempt. */
const IDS_BYTES = 512;

export interface LogRecord {
  readonly message: string;
  readonly fields: unknown;
}

/** A message and its fields, whatever they are, cut to what a record of the log takes. */
export function boundedRecord(message: unknown, fields: unknown, reservedBytes = 0): LogRecord {
  const text = boundedText(textOf(message), MAX_MESSAGE_BYTES);
  return { message: text, fields: boundedCopy(fields, MAX_CONTENT_BYTES - reservedBytes - jsonBytes(text)) };
}

/** The same for what a task logs: details that the runner logs beside the ids of the attempt. */
export function boundedTaskRecord(message: unknown, details: unknown): LogRecord {
  return boundedRecord(message, details, IDS_BYTES);
}

/** Anything can be logged, also what has no text. */
function textOf(message: unknown): string {
  try {
    return String(message);
  } catch {
    return `[${typeof message}]`;
  }
}
