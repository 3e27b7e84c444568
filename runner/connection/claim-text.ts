const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** The JSON text of a claim's answer, split into its payloads and the rest. */
export interface ClaimText {
  /** The text with `null` for the payload of each task. */
  readonly rest: string;
  /** The JSON text of each task's payload, in order; undefined for a task without a payload. */
  readonly payloads: readonly (string | undefined)[];
}

/**
 * Takes the payloads out of a claim's answer without parsing them, because a payload of millions of small
 * values would keep the main thread busy for seconds. Reads each byte once. As in `JSON.parse`, the last of
 * duplicate keys counts. The returned texts may still be invalid JSON.
 *
 * @throws {SyntaxError} if the answer is not an object or is incomplete.
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

/** The end of an object. `endOfWanted` reads the values of the key `wanted`; it gets the start of each value. */
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

/** The end of an array. `endOfItem` reads its items; it gets the start of each item. */
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

/** The end of any value: the position of the comma or bracket after it. */
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

/** The number of additional bytes of an escaped letter. */
const ESCAPE = 5;

/** Whether a quoted text equals a name of ASCII letters. Its letters may be escaped. */
function isKey(bytes: Buffer, start: number, end: number, name: string): boolean {
  const extra = end - start - 2 - name.length;
  if (extra < 0 || extra % ESCAPE !== 0) return false;
  if (extra > 0) return JSON.parse(bytes.toString('utf8', start, end)) === name;
  for (let place = 0; place < name.length; place += 1) {
    if (bytes[start + 1 + place] !== name.charCodeAt(place)) return false;
  }
  return true;
}
