import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';

/** The first position at which a text is not JSON, and the reason. Lines and columns count from 1. */
export interface JsonFault {
  readonly message: string;
  readonly line: number;
  readonly column: number;
  readonly offset: number;
  readonly length: number;
}

export type JsonReading = { readonly value: unknown } | { readonly fault: JsonFault };

const REASONS: Record<string, string> = {
  InvalidSymbol: 'expected a JSON value; put text in double quotes',
  InvalidNumberFormat: 'expected a JSON number',
  PropertyNameExpected: 'expected a property name in double quotes',
  ValueExpected: 'expected a value',
  ColonExpected: 'expected a colon after the property name',
  CommaExpected: 'expected a comma or a closing bracket',
  CloseBraceExpected: 'expected a comma or a closing brace }',
  CloseBracketExpected: 'expected a comma or a closing bracket ]',
  EndOfFileExpected: 'expected nothing after the value',
  InvalidCommentToken: 'JSON does not allow comments',
  UnexpectedEndOfComment: 'JSON does not allow comments',
  UnexpectedEndOfString: 'the text has no closing double quote',
  UnexpectedEndOfNumber: 'the number is not complete',
  InvalidUnicode: 'expected four hex digits after \\u',
  InvalidEscapeCharacter: 'JSON does not have this escape',
  InvalidCharacter: 'a control character must be escaped',
};

/** Reads JSON, or finds the first fault. */
export function readJson(text: string): JsonReading {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { fault: findFault(text, error instanceof Error ? error.message : String(error)) };
  }
}

/**
 * Finds the first position at which a text is not JSON.
 *
 * @param otherwise the message if the parser finds no fault.
 */
export function findFault(text: string, otherwise: string): JsonFault {
  const errors: ParseError[] = [];
  parse(text, errors, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false });
  const [first] = errors.toSorted((a, b) => a.offset - b.offset);
  if (!first) return { message: otherwise, ...placeOf(text, 0), offset: 0, length: 0 };
  const { error, offset, length } = first;
  const message = REASONS[printParseErrorCode(error)] ?? otherwise;
  return { message, ...placeOf(text, offset), offset, length };
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** The line of a fault, cut to `width`, and the fault's position in it. */
export function excerpt(text: string, { line, column }: JsonFault, width = 60): { text: string; at: number } {
  const whole = text.split('\n')[line - 1] ?? '';
  const start = Math.max(0, Math.min(column - 1 - Math.floor(width / 2), whole.length - width));
  return { text: whole.slice(start, start + width), at: column - 1 - start };
}
