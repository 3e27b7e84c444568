import { MAX_ERROR_MESSAGE_LENGTH, MAX_JSON_DEPTH, MAX_RESULT_BYTES } from '../../edge/contract/limits.ts';
import { nestsDeeperThan } from '../../edge/contract/text.ts';
import { boundedCopy } from '../observability/bounded.ts';
import type { Outcome, TaskFailure } from './thread-protocol.ts';

/** The maximum length shown of a thrown value that is not an error. */
const MAX_SHOWN_BYTES = 1000;

/** Describes why its type's schema refused a payload. Another attempt would not change that. */
export function invalidPayload(issues: readonly { path: PropertyKey[]; message: string }[]): TaskFailure {
  const sentences = issues.map(({ path, message }) =>
    [path.map(String).join('.'), message].filter(Boolean).join(': '),
  );
  return { code: 'invalid_payload', message: cut(sentences.join('; ')), retryable: false };
}

/** Describes a thrown value for the outcome. Any value can be thrown. */
export function failureOf(thrown: unknown): TaskFailure {
  try {
    if (!(thrown instanceof Error)) {
      return { code: 'task_error', message: cut(`The task threw ${describe(thrown)} instead of an Error`) };
    }
    const name = cut(String(thrown.name));
    return {
      code: 'task_error',
      name,
      message: cut(String(thrown.message)),
      retryable: name !== 'NonRetryableError',
    };
  } catch {
    return { code: 'task_error', message: 'The task threw an error that cannot be read' };
  }
}

/** Cuts a text to the length that the edge keeps. */
function cut(text: string): string {
  return text.slice(0, MAX_ERROR_MESSAGE_LENGTH);
}

function describe(value: unknown): string {
  try {
    return `${typeof value} ${JSON.stringify(boundedCopy(value, MAX_SHOWN_BYTES)) ?? String(value)}`;
  } catch {
    return `a ${typeof value}`;
  }
}

/** A result as JSON text, or why it cannot be stored. Another attempt would not change that. */
export function storable(result: unknown): Outcome {
  if (result === undefined) return { result: undefined };
  try {
    const text = JSON.stringify(result, refuseLossy);
    if (text === undefined) throw new TypeError('its toJSON returns nothing');
    if (nestsDeeperThan(JSON.parse(text), MAX_JSON_DEPTH)) {
      throw new RangeError(`it nests deeper than ${MAX_JSON_DEPTH} levels`);
    }
    const bytes = Buffer.byteLength(text);
    if (bytes <= MAX_RESULT_BYTES) return { result: text };
    const message = `The task returned ${bytes} bytes, ${MAX_RESULT_BYTES} are the most that is kept: store the data and return where it is`;
    return { error: { code: 'result_too_large', message, retryable: false } };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = cut(`The task returned what cannot be stored as JSON: ${reason}`);
    return { error: { code: 'invalid_result', message, retryable: false } };
  }
}

/** JSON would silently drop or change these values. */
function refuseLossy(key: string, value: unknown): unknown {
  const kind = lossyKind(value);
  if (kind) throw new TypeError(`${key === '' ? 'it' : `"${key}"`} is a ${kind}`);
  return value;
}

function lossyKind(value: unknown): string | undefined {
  switch (typeof value) {
    case 'function':
    case 'symbol':
    case 'bigint':
      return typeof value;
    case 'number':
      return Number.isFinite(value) ? undefined : `number that is not finite`;
    case 'object':
      return value instanceof Map ? 'Map' : value instanceof Set ? 'Set' : undefined;
    default:
      return undefined;
  }
}
