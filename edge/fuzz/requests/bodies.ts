import fc, { type Arbitrary } from 'fast-check';
import { type Json, json } from './values.ts';

/** A change of the `at`-th value of a body: it is replaced, deleted, extended or wrapped in a list. */
interface Mutation {
  at: number;
  how: 'replace' | 'delete' | 'extend' | 'wrap';
  value: Json;
}
const mutation: Arbitrary<Mutation> = fc.record({
  at: fc.nat({ max: 20 }),
  how: fc.constantFrom('replace', 'replace', 'delete', 'extend', 'wrap'),
  value: json,
});

function mutate(body: Json, { at, how, value }: Mutation): Json {
  let visited = -1;
  const change = (item: Json): Json[] => {
    if (how === 'delete') return [];
    if (how === 'wrap') return [[item]];
    if (how === 'replace' || typeof item !== 'object' || item === null) return [value];
    return [Array.isArray(item) ? [...item, ...item, value] : { ...item, [`odd${at}`]: value }];
  };
  const visit = (item: Json): Json[] => {
    visited += 1;
    if (visited === at) return change(item);
    if (typeof item !== 'object' || item === null) return [item];
    if (Array.isArray(item)) return [item.flatMap(visit)];
    const entries = Object.entries(item).flatMap(([key, inner]) => visit(inner).map((kept) => [key, kept]));
    return [Object.fromEntries(entries)];
  };
  return visit(body)[0] ?? null;
}

const RAW_BODIES = String.raw`
{|[|null|0|"|undefined|1e999|<xml/>|type=a|{"type":"a",}|{'type':'a'}|{"type":"a","type":"b"}|[[[]]]|{"tasks":{}}
{"__proto__":{"type":"a"}}|{"type":"fuzz","__proto__":{"payload":1}}|{"type":"fuzz","payload":1e999}|{"success":1e999}
{"type":"fuzz","payload":"\ud800\udc00\udc00"}|{"type":"fuzz","payload":{"__proto__":{"a":1},"constructor":1}}`
  .trim()
  .split(/[|\n]/);

/** Large bodies. They are created when they are sent, so that a printed request is short. */
export const HUGE: Record<string, () => string> = {
  deepList: () => `{"type":"fuzz","payload":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
  deepObject: () => `{"success":true,"result":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`,
  manyKeys: () => `{${Array.from({ length: 50_000 }, (_, n) => `"k${n}":${n}`).join()}}`,
  wide: () => `{"type":"fuzz","payload":[${'[],'.repeat(200_000)}[]]}`,
  long: () => JSON.stringify({ type: 'fuzz', payload: 'é'.repeat(100_000) }),
  tooLong: () => JSON.stringify({ type: 'fuzz', payload: 'x'.repeat(11_000_000) }),
  manyTasks: () => JSON.stringify({ tasks: Array.from({ length: 1001 }, () => ({ type: 'fuzz' })) }),
  manyResults: () => JSON.stringify({ results: Array.from({ length: 2000 }, () => ({})) }),
};

/** A body, or the name of one of {@link HUGE}. */
export type Body = { text: string } | { huge: string } | null;

/** Mostly valid or nearly valid bodies, and sometimes others. */
export function bodyOf(valid: Arbitrary<Json>): Arbitrary<Body> {
  const broken = fc.tuple(valid, fc.array(mutation, { minLength: 1, maxLength: 3 }));
  return fc.oneof(
    { weight: 50, arbitrary: valid.map((value) => ({ text: JSON.stringify(value) })) },
    {
      weight: 50,
      arbitrary: broken.map(([value, steps]) => ({ text: JSON.stringify(steps.reduce(mutate, value)) })),
    },
    {
      weight: 8,
      arbitrary: fc.constantFrom(...RAW_BODIES, '', ' ', '\0', '\ufeff{}').map((raw) => ({ text: raw })),
    },
    { weight: 2, arbitrary: fc.constantFrom(...Object.keys(HUGE)).map((huge) => ({ huge })) },
  );
}
