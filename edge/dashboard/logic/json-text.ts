/** Longer text is shown without colours. */
const MAX_COLOURED_CHARACTERS = 40_000;
/** Longer text is cut, because it would make the page slow. */
const MAX_SHOWN_CHARACTERS = 500_000;
const FOLDED_LINES = 24;

export type JsonPart = 'key' | 'text' | 'number' | 'word' | 'plain';

export interface JsonToken {
  readonly part: JsonPart;
  readonly text: string;
}

/** The text of a JSON value, complete and folded to its first lines. */
export interface JsonText {
  /** The whole value, for copying. */
  readonly whole: string;
  readonly lines: number;
  /** The text to show while it is folded; absent if the value is short. */
  readonly folded?: string;
  /** The text to show when it is unfolded. */
  readonly shown: string;
  /** Whether the value is too large to show completely. */
  readonly cut: boolean;
}

export function jsonText(value: unknown): JsonText {
  const whole = JSON.stringify(value, null, 2) ?? 'null';
  const cut = whole.length > MAX_SHOWN_CHARACTERS;
  const shown = cut ? whole.slice(0, MAX_SHOWN_CHARACTERS) : whole;
  const lines = whole.split('\n');
  const head = lines
    .slice(0, FOLDED_LINES)
    .join('\n')
    .slice(0, FOLDED_LINES * 200);
  const isLong =
    head.length < whole.length && (lines.length > FOLDED_LINES * 1.5 || whole.length > 2 * head.length);
  return { whole, lines: lines.length, ...(isLong && { folded: head }), shown, cut };
}

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g;

/** Cuts pretty JSON into tokens for colouring; large text is one plain token. */
export function colourJson(text: string): JsonToken[] {
  if (text.length > MAX_COLOURED_CHARACTERS) return [{ part: 'plain', text }];
  const tokens: JsonToken[] = [];
  let at = 0;
  const push = (part: JsonPart, token: string) => {
    if (token !== '') tokens.push({ part, text: token });
  };
  for (const match of text.matchAll(TOKEN)) {
    push('plain', text.slice(at, match.index));
    const [all, quoted, colon, number] = match;
    if (quoted !== undefined) push(colon === undefined ? 'text' : 'key', quoted);
    else push(number === undefined ? 'word' : 'number', all);
    if (colon !== undefined) push('plain', colon);
    at = match.index + all.length;
  }
  push('plain', text.slice(at));
  return tokens;
}
