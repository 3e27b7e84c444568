/** Characters that can change what a terminal shows, or the order in which a line is read. */
const UNSAFE = [
  // The control characters C0, DEL and C1.
  '\\u0000-\\u001f\\u007f-\\u009f',
  // The line and paragraph separators.
  '\\u2028\\u2029',
  // The marks, embeddings, overrides and isolates that change the writing direction.
  '\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069',
].join('');
const ANY_UNSAFE = new RegExp(`[${UNSAFE}]`, 'g');
/** JSON escapes C0 characters inside strings, so in JSON text they occur only between values. */
const UNSAFE_IN_JSON = new RegExp(`[${UNSAFE.replace('\\u0000-\\u001f', '')}]`, 'g');

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A text as one line that cannot control a terminal: unsafe characters become JSON escape sequences. */
export function printable(text: string): string {
  return text.replace(ANY_UNSAFE, (character) => SHORT[character] ?? escaped(character));
}

/** JSON text that cannot control a terminal. Its value stays the same. */
export function printableJson(json: string): string {
  return json.replace(UNSAFE_IN_JSON, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
