import { MAX_JSON_DEPTH } from '../contract/limits.ts';
import { ApiError, invalidRequest } from './errors.ts';

/** A payload may nest MAX_JSON_DEPTH levels deep, and at most 8 levels of a body are around it. */
const MAX_BODY_DEPTH = MAX_JSON_DEPTH + 8;
/** How many keys of the path an error shows if a body nests too deeply. */
const SHOWN_DEPTH = 6;

/**
 * The value of a JSON text. An empty text counts as `{}`.
 *
 * @throws {ApiError} 400 if the text is not JSON, nests too deeply, or has a number that is too large. Such a
 *   number would be stored as null.
 */
export function parseBody(text: string): unknown {
  const value = parse(text);
  const place: PropertyKey[] = [];
  const fault = faultIn(value, MAX_BODY_DEPTH, place);
  place.reverse();
  if (fault === 'depth') {
    throw invalidRequest({
      path: place.slice(0, SHOWN_DEPTH),
      message: `Expected values that nest at most ${MAX_JSON_DEPTH} levels deep`,
    });
  }
  if (fault === 'number') {
    throw invalidRequest({ path: place, message: `Expected a number of at most ${Number.MAX_VALUE}` });
  }
  return value;
}

function parse(text: string): Json {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ApiError('invalid_json', `The body is not JSON: ${reason}`);
  }
}

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type Fault = 'depth' | 'number';

/**
 * Finds a fault in a value. It runs for every body, so it copies nothing.
 *
 * @param place receives the path of the fault, from the inside to the outside.
 */
function faultIn(value: Json, levels: number, place: PropertyKey[]): Fault | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'number';
  if (typeof value !== 'object' || value === null) return undefined;
  if (levels === 0) return 'depth';
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const fault = faultIn(value[index] ?? null, levels - 1, place);
      if (fault !== undefined) return noted(fault, index, place);
    }
    return undefined;
  }
  // Objects from JSON.parse have no inherited enumerable properties.
  for (const key in value) {
    const fault = faultIn(value[key] ?? null, levels - 1, place);
    if (fault !== undefined) return noted(fault, key, place);
  }
  return undefined;
}

function noted(fault: Fault, key: PropertyKey, place: PropertyKey[]): Fault {
  place.push(key);
  return fault;
}
