import fc from 'fast-check'
import type { Json } from '../../src/record/type.ts'

/** The mark that every made-up personal text holds: where it shows up, personal data leaked. */
export const canary = 'c4n4ry'

/** Well-formed text of every kind: emoji, NUL, right to left, any code point. */
export const arbitraryText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('', '\u0000', '\ufeff', '👩‍👩‍👧', 'שלום', "it's", '"\\', '~/', '__proto__', '2024-02-30'),
)

export const personalText: fc.Arbitrary<string> = arbitraryText.map((text) => `${canary}${text}`)

/** The name of the key attribute that made-up items carry. */
export const keyName = 'pk'

/** Names of attributes: any text but the empty one and the key's. */
export const arbitraryName: fc.Arbitrary<string> = fc
  .oneof(
    fc.constantFrom(
      ...['__proto__', 'constructor', 'toString', 'isDeleted', 'reference', 'change', 'extra', 'system'],
      ...['a/b', '~', '~1', '🎟️', ' ', '*', '0', '-', 'notes', 'Type', 'TYPE'],
    ),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
  )
  .filter((name) => name !== keyName)

/** Numbers as DynamoDB writes them, up to 38 digits. */
export const arbitraryNumberText: fc.Arbitrary<string> = fc.oneof(
  fc.integer().map(String),
  fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }).map(String),
  fc.constantFrom('0', '-0', '1.10', '1E+5', '1e-130', '9.9999999999999999999999999999999999999E+125'),
  fc.tuple(fc.integer(), fc.nat(999_999)).map(([whole, fraction]) => `${whole}.${fraction}`),
)

const base64 = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('base64'))

/** An attribute value, with the JSON text that stands for it in `extra`. Its texts hold the canary. */
export type Noise = { readonly attribute: Json; readonly text: string }

/** An attribute value that fits no schema in particular; never NULL by itself, which would count as absence. */
export const arbitraryNoise: fc.Arbitrary<Noise> = fc.letrec<{ leaf: Noise; inner: Noise; any: Noise }>(
  (tie) => ({
    leaf: fc.oneof(
      personalText.map((text) => ({ attribute: { S: text }, text: JSON.stringify(text) })),
      arbitraryNumberText.map((text) => ({ attribute: { N: text }, text })),
      base64.map((text) => ({ attribute: { B: text }, text: JSON.stringify(text) })),
      fc.boolean().map((flag) => ({ attribute: { BOOL: flag }, text: String(flag) })),
      fc
        .array(personalText, { minLength: 1, maxLength: 3 })
        .map((texts) => ({ attribute: { SS: texts }, text: JSON.stringify(texts) })),
      fc
        .array(arbitraryNumberText, { minLength: 1, maxLength: 3 })
        .map((texts) => ({ attribute: { NS: texts }, text: `[${texts.join(',')}]` })),
      fc
        .array(base64, { minLength: 1, maxLength: 3 })
        .map((texts) => ({ attribute: { BS: texts }, text: JSON.stringify(texts) })),
    ),
    inner: fc.oneof(
      { depthSize: 'small' },
      tie('leaf'),
      fc.constant({ attribute: { NULL: true }, text: 'null' }),
      tie('any'),
    ),
    any: fc.oneof(
      { depthSize: 'small' },
      tie('leaf'),
      fc.array(tie('inner'), { maxLength: 3 }).map((items) => ({
        attribute: { L: items.map(({ attribute }) => attribute) },
        text: `[${items.map(({ text }) => text).join(',')}]`,
      })),
      fc
        .uniqueArray(fc.tuple(personalText, tie('inner')), { selector: ([name]) => name, maxLength: 3 })
        .map((entries) => ({
          attribute: { M: Object.fromEntries(entries.map(([name, { attribute }]) => [name, attribute])) },
          text: `{${entries.map(([name, { text }]) => `${JSON.stringify(name)}:${text}`).join(',')}}`,
        })),
    ),
  }),
).any
