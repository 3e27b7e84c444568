import { RecordHeader, SubmissionRecord, type TaskOptions } from '../contract/submission.ts';
import { byteLength } from '../contract/text.ts';

/** A task to store, with its payload as JSON text. */
export interface StoredTask {
  options: TaskOptions;
  payload: string;
  payloadBytes: number;
}

/** The value of a `task:` key. The same submission gives the same bytes. JSON text has no line breaks. */
export function recordText(
  submission: string,
  tasks: readonly StoredTask[],
): { text: string; bytes: number } {
  const header: RecordHeader = { format: 2, submission, tasks: tasks.map(({ options }) => options) };
  const line = JSON.stringify(header);
  return {
    text: [line, ...tasks.map(({ payload }) => payload)].join('\n'),
    bytes: tasks.reduce((sum, { payloadBytes }) => sum + 1 + payloadBytes, byteLength(line)),
  };
}

/** The first line of a record. A record of version 0.1.0 has only this line, which includes the payloads. */
export type FirstLine = RecordHeader | SubmissionRecord;

/** @throws if the line is not valid. */
export function parseFirstLine(line: string): FirstLine {
  const value: unknown = JSON.parse(line);
  const isHeader = typeof value === 'object' && value !== null && 'format' in value;
  return isHeader ? RecordHeader.parse(value) : SubmissionRecord.parse(value);
}
