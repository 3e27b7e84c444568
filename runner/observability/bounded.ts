import { printableJson } from '../../client/cli/printable.ts';

/** The maximum depth of a copy. */
const MAX_DEPTH = 32;
const MAX_KEY_BYTES = 256;
/** The maximum number of bytes of a notice that something was cut. */
const NOTICE_BYTES = 48;
/** The maximum number of bytes of one character as JSON. */
const MAX_BYTES_PER_CHARACTER = 6;
/** Larger integers are not printed: the time to print grows with the square of their size. */
const MAX_BIGINT = 2n ** 256n;

/** Cuts a text to at most `maxBytes` as printable JSON. A cut text ends with a notice and its original length. */
export function boundedText(text: string, maxBytes: number): string {
  if (text.length * MAX_BYTES_PER_CHARACTER <= maxBytes) return text;
  if (text.length <= maxBytes && jsonBytes(text) <= maxBytes) return text;
  const room = Math.max(0, maxBytes - NOTICE_BYTES);
  let end = Math.min(text.length, room);
  for (;;) {
    const start = text.slice(0, end).toWellFormed();
    const bytes = jsonBytes(start);
    if (bytes <= room || end === 0) return `${start}… [cut, ${text.length} characters]`;
    end = Math.min(end - 1, Math.floor((end * room) / bytes));
  }
}

/**
 * Copies a value as plain JSON values of about `maxBytes` as printable JSON. A notice replaces a part that does
 * not fit, cannot be read or is not JSON. It reads no more of the value than it copies.
 */
export function boundedCopy(value: unknown, maxBytes: number): unknown {
  return new BoundedCopy(maxBytes).of(value);
}

class BoundedCopy {
  #left: number;
  /** The objects that contain the current one. */
  readonly #within: object[] = [];

  constructor(maxBytes: number) {
    this.#left = maxBytes;
  }

  of(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        return this.#text(value);
      case 'bigint':
        return this.#text(-MAX_BIGINT < value && value < MAX_BIGINT ? `${value}n` : '[bigint]');
      case 'function':
      case 'symbol':
        return this.#text(`[${typeof value}]`);
      case 'object':
        return value === null ? this.#spend(4, null) : this.#object(value);
      case 'number':
        return Number.isFinite(value) ? this.#spend(String(value).length, value) : this.#text(String(value));
      default:
        return this.#spend(5, value);
    }
  }

  #object(value: object): unknown {
    if (this.#within.includes(value)) return this.#text('[circular]');
    if (this.#within.length >= MAX_DEPTH) return this.#text('[deeper]');
    this.#spend(2, value);
    this.#within.push(value);
    try {
      return this.#copy(value);
    } catch {
      return this.#text('[unreadable]');
    } finally {
      this.#within.pop();
    }
  }

  #copy(value: object): unknown {
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
      return this.#text(`[${value.constructor.name}, ${value.byteLength} bytes]`);
    }
    if (value instanceof Map || value instanceof Set) {
      return this.#text(`[${value.constructor.name}, ${value.size} entries]`);
    }
    if (value instanceof Error) return this.#error(value);
    if (Array.isArray(value)) return this.#array(value);
    if ('toJSON' in value && typeof value.toJSON === 'function') return this.of(value.toJSON());
    return this.#fields(value);
  }

  #error({ name, message, stack, cause }: Error): unknown {
    return this.#fields({ name, message, stack, ...(cause !== undefined && { cause }) });
  }

  #array(values: readonly unknown[]): unknown[] {
    const copies: unknown[] = [];
    for (const value of values) {
      if (this.#isSpent) {
        copies.push(`[cut, ${values.length - copies.length} more]`);
        break;
      }
      copies.push(this.of(value) ?? null);
    }
    return copies;
  }

  #fields(value: object): object {
    const copies: [string, unknown][] = [];
    for (const key in value) {
      if (!Object.hasOwn(value, key)) continue;
      if (this.#isSpent) {
        copies.push(['…', '[cut]']);
        break;
      }
      const name = boundedText(key, MAX_KEY_BYTES);
      this.#spend(jsonBytes(name), name);
      copies.push([name, this.#field(value, key)]);
    }
    return Object.fromEntries(copies);
  }

  #field(value: object, key: string): unknown {
    let item: unknown;
    try {
      item = Reflect.get(value, key);
    } catch {
      return this.#text('[unreadable]');
    }
    return this.of(item);
  }

  get #isSpent(): boolean {
    return this.#left <= NOTICE_BYTES;
  }

  #text(text: string): string {
    const copy = boundedText(text, Math.max(this.#left, NOTICE_BYTES));
    return this.#spend(jsonBytes(copy), copy);
  }

  /** Counts the bytes of a value and of the separator after it. */
  #spend<Value>(bytes: number, value: Value): Value {
    this.#left -= bytes + 2;
    return value;
  }
}

/** The number of bytes of a text as printable JSON. */
export function jsonBytes(text: string): number {
  return Buffer.byteLength(printableJson(JSON.stringify(text)));
}
