import type { ParseError } from 'jsonc-parser';

/**
 * Parses JSON that a person wrote.
 *
 * @param from what to call it in the error: a flag, or a file.
 * @param firstLine where the text begins, in the file that it is part of.
 * @throws {Error} that says what was wrong and where, with that line and a mark below it.
 */
export async function parseJsonText(text: string, from: string, firstLine = 1): Promise<unknown> {
  try {
    return JSON.parse(text);
  } catch (error) {
    const place = await findPlace(text);
    const reason = place?.reason ?? (error instanceof Error ? error.message : String(error));
    if (!place) throw new Error(`${from} is not JSON: ${reason}`);
    const at = `line ${firstLine + place.line - 1}, column ${place.column}`;
    throw new Error(`${from} is not JSON: ${reason} at ${at}\n${excerpt(text, place)}`);
  }
}

interface Place {
  readonly reason: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
}

async function findPlace(text: string): Promise<Place | undefined> {
  const { parse, printParseErrorCode } = await import('jsonc-parser');
  const errors: ParseError[] = [];
  parse(text, errors, { disallowComments: true });
  const [first] = errors.toSorted((one, other) => one.offset - other.offset);
  if (!first) return undefined;
  const before = text.slice(0, first.offset).split('\n');
  return {
    reason: words(printParseErrorCode(first.error)),
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
  };
}

/** `PropertyNameExpected` as `property name expected`. */
function words(name: string): string {
  return name.replace(/(?<=.)[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
}

const BEFORE = 40;
const WIDTH = 80;

/** The line of a place, or the part of it that the place stands in, and a mark below. */
function excerpt(text: string, { line, column }: Place): string {
  const whole = text.split('\n')[line - 1]?.trimEnd() ?? '';
  const from = Math.max(0, column - 1 - BEFORE);
  const part = whole.slice(from, from + WIDTH).replaceAll('\t', ' ');
  return `  ${part}\n  ${' '.repeat(column - 1 - from)}^`;
}
