const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** The JSON text of a claim's answer, taken apart. */
export interface ClaimText {
  /** The text with `null` for the payload of each task. */
  readonly rest: string;
  /** The JSON text of the payload of each task, in their order; undefined for one without. */
  readonly payloads: readonly (string | undefined)[];
}

/**
 * Takes the payloads out of a claim's answer, and does not parse them: a payload of millions of small values would
 * keep the main thread busy for seconds. Reads each byte once. A key that comes twice counts as in `JSON.parse`.
 * Whether what is returned is JSON remains to be seen.
 *
 * @throws {SyntaxError} where the answer is no object, or is cut short.
 */
export function splitClaim(body: Uint8Array): ClaimText {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const pieces: string[] = [];
  let payloads: (string | undefined)[] = [];
  let keptTo = 0;
  const endOfTask = (at: number) => {
    if (bytes[at] !== OPEN_BRACE) {
      payloads.push(undefined);
      return endOfValue(bytes, at);
    }
    let payload: string | undefined;
    const end = endOfObject(bytes, at, 'payload', (from) => {
      const to = endOfValue(bytes, from);
      payload = bytes.toString('utf8', from, to);
      pieces.push(bytes.toString('utf8', keptTo, from));
      keptTo = to;
      return to;
    });
    payloads.push(payload);
    return end;
  };
  endOfObject(bytes, skipSpace(bytes, 0), 'tasks', (from) => {
    payloads = [];
    return bytes[from] === OPEN_BRACKET ? endOfArray(bytes, from, endOfTask) : endOfValue(bytes, from);
  });
  pieces.push(bytes.toString('utf8', keptTo));
  return { rest: pieces.join('null'), payloads };
}

/** Where an object ends; the values of the key `wanted` are read by `endOfWanted`, which is told where one begins. */
function endOfObject(
  bytes: Buffer,
  start: number,
  wanted: string,
  endOfWanted: (start: number) => number,
): number {
  if (bytes[start] !== OPEN_BRACE) throw new SyntaxError('Expected an object');
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === CLOSE_BRACE) return at + 1;
  for (;;) {
    if (bytes[at] !== QUOTE) throw new SyntaxError('Expected a key');
    const keyEnd = endOfString(bytes, at);
    const colon = skipSpace(bytes, keyEnd);
    if (bytes[colon] !== COLON) throw new SyntaxError('Expected a colon');
    const value = skipSpace(bytes, colon + 1);
    const end = isKey(bytes, at, keyEnd, wanted) ? endOfWanted(value) : endOfValue(bytes, value);
    const after = skipSpace(bytes, end);
    if (bytes[after] === CLOSE_BRACE) return after + 1;
    if (bytes[after] !== COMMA) throw new SyntaxError('Expected a comma');
    at = skipSpace(bytes, after + 1);
  }
}

/** Where an array ends; its items are read by `endOfItem`, which is told where one begins. */
function endOfArray(bytes: Buffer, start: number, endOfItem: (start: number) => number): number {
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === CLOSE_BRACKET) return at + 1;
  for (;;) {
    const after = skipSpace(bytes, endOfItem(at));
    if (bytes[after] === CLOSE_BRACKET) return after + 1;
    if (bytes[after] !== COMMA) throw new SyntaxError('Expected a comma');
    at = skipSpace(bytes, after + 1);
  }
}

/** Where a value of any kind ends, and what follows it: at the comma or the bracket behind it. */
function endOfValue(bytes: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at += 1) {
    switch (bytes[at]) {
      case QUOTE:
        at = endOfString(bytes, at) - 1;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth += 1;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (depth === 0) return at;
        depth -= 1;
        break;
      case COMMA:
        if (depth === 0) return at;
        break;
    }
  }
  throw new SyntaxError('Expected the end of a value');
}

function endOfString(bytes: Buffer, start: number): number {
  for (let at = start + 1; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === BACKSLASH) at += 1;
    else if (byte === QUOTE) return at + 1;
  }
  throw new SyntaxError('Expected the end of a text');
}

function skipSpace(bytes: Buffer, start: number): number {
  let at = start;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at += 1;
  return at;
}

/** How many bytes an escaped letter takes more than the letter. */
const ESCAPE = 5;

/** Whether a text with its quotes is a name of ASCII letters, which may be escaped. */
function isKey(bytes: Buffer, start: number, end: number, name: string): boolean {
  const extra = end - start - 2 - name.length;
  if (extra < 0 || extra % ESCAPE !== 0) return false;
  if (extra > 0) return JSON.parse(bytes.toString('utf8', start, end)) === name;
  for (let place = 0; place < name.length; place += 1) {
    if (bytes[start + 1 + place] !== name.charCodeAt(place)) return false;
  }
  return true;
}
