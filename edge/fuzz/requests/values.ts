import fc, { type Arbitrary } from 'fast-check';

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const ODD_TEXTS = ['', ' ', '\0', '\ud800', 'é€😀\u2028', '__proto__', '%00', "';--", 'x'.repeat(5000)];
const ODD_NUMBERS = [0, -0, -1, 0.5, 1001, 1e308, 5e-324, 2 ** 53, 4_294_967_296];
const ODD_VALUES: Json[] = [...ODD_TEXTS, ...ODD_NUMBERS, null, true, [], {}, [[]], { '': [null] }];

export const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.constantFrom(...ODD_TEXTS));
export const { value: json } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(...ODD_VALUES),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4 }),
  ),
}));

export const mostly = <Value>(arbitrary: Arbitrary<Value>, odd: Arbitrary<Value>) =>
  fc.oneof({ weight: 9, arbitrary }, { weight: 1, arbitrary: odd });
/** A record with the required fields and some of the optional ones. */
export const record = (
  required: Record<string, Arbitrary<Json>>,
  optional: Record<string, Arbitrary<Json>> = {},
) =>
  fc
    .record({ ...required, ...optional }, { requiredKeys: Object.keys(required) })
    .map((value): Json => ({ ...value }));
export const list = (item: Arbitrary<Json>) => fc.array(item, { minLength: 1, maxLength: 4 });
