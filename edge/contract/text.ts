const encoder = new TextEncoder();

/** The length of a text in bytes of UTF-8. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** A token that the workers accept in the header `Authorization`: the pattern of Hono's `bearerAuth`, RFC 6750. */
export const BEARER_TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/** What {@link BEARER_TOKEN} allows, for people. */
export const TOKEN_CHARACTERS =
  'the letters A to Z and a to z, digits, and . _ ~ + / -, with = only at the end';

/** The origin of a redirect's `Location`; an empty text if it is unknown. */
export function originOf(location: string | null | undefined, base: string): string {
  if (!location || !URL.canParse(location, base)) return '';
  const { origin } = new URL(location, base);
  return origin === 'null' ? '' : origin;
}

/** The value of a JSON text; undefined if the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether the arrays and objects of a value nest deeper than `max` levels. */
export function nestsDeeperThan(value: unknown, max: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (max === 0) return true;
  const items: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return items.some((item) => typeof item === 'object' && nestsDeeperThan(item, max - 1));
}
