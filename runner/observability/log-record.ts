import { boundedCopy, boundedText, jsonBytes } from './bounded.ts';

/** The maximum size of a written log record. */
export const MAX_RECORD_BYTES = 8192;
const MAX_MESSAGE_BYTES = 4096;
/** The maximum of the message and the fields. The rest is for fields of every record, such as its time. */
const MAX_CONTENT_BYTES = 6656;
/** The size of the ids of the attempt, which the main thread adds to a task's record. */
const IDS_BYTES = 512;

export interface LogRecord {
  readonly message: string;
  readonly fields: unknown;
}

/** Cuts any message and fields to the maximum size of a log record. */
export function boundedRecord(message: unknown, fields: unknown, reservedBytes = 0): LogRecord {
  const text = boundedText(textOf(message), MAX_MESSAGE_BYTES);
  return { message: text, fields: boundedCopy(fields, MAX_CONTENT_BYTES - reservedBytes - jsonBytes(text)) };
}

/** The same for what a task logs. The runner logs these details next to the ids of the attempt. */
export function boundedTaskRecord(message: unknown, details: unknown): LogRecord {
  return boundedRecord(message, details, IDS_BYTES);
}

/** Any value can be logged, even one that cannot become a string. */
function textOf(message: unknown): string {
  try {
    return String(message);
  } catch {
    return `[${typeof message}]`;
  }
}
