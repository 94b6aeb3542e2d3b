import fc from 'fast-check'
import type { RecordSchema } from '../../src/record/schema.ts'
import type { Field, Json, JsonObject, RecordType, RecordValue, Type, Value } from '../../src/record/type.ts'
import { arbitraryName, arbitraryNoise, personalText } from './attribute.ts'
import { arbitraryScalar, type Sample, sample } from './value.ts'

/** An item's image, and what it must be read as. */
export type Item = {
  readonly image: JsonObject
  /** Every field of the schema's own record; the derived ones are null here. */
  readonly record: RecordValue
  /** The attributes that the schema does not model. */
  readonly extra: ReadonlyMap<string, string>
}

/**
 * A valid image of a record type, in DynamoDB JSON, with attributes that the schema does not model, and the record that
 * it must be read as. Personal texts and all extra ones hold the canary.
 */
export function arbitraryItem(schema: RecordSchema): fc.Arbitrary<Item> {
  return recordSample(schema.own, false, new Map([['type', sample({ S: schema.type }, schema.type)]])).map(
    ({ attribute, value, extra }) => ({
      image: (attribute as { M: JsonObject }).M,
      record: value as RecordValue,
      extra: new Map(extra),
    }),
  )
}

function valueSample(type: Type, isPersonal: boolean): fc.Arbitrary<Sample> {
  switch (type.kind) {
    case 'optional':
      return valueSample(type.of, isPersonal)
    case 'enum':
      return fc.constantFrom(...type.symbols).map((symbol) => sample({ S: symbol }, symbol))
    case 'record':
      return recordSample(type, isPersonal, new Map())
    case 'array':
      return arraySample(type.items, isPersonal)
    case 'map':
      return mapSample(type.values, isPersonal)
    default:
      return arbitraryScalar(type.kind, isPersonal)
  }
}

const missing: Sample = sample({ NULL: true }, null)

/** A list, or the set that stands for one; an item is NULL at times, and then left out. */
function arraySample(items: Type, isPersonal: boolean): fc.Arbitrary<Sample> {
  const item = valueSample(items, isPersonal)
  const list = fc
    .array(fc.oneof({ weight: 4, arbitrary: item }, { weight: 1, arbitrary: fc.constant(missing) }), {
      maxLength: 3,
    })
    .map((samples) => ({
      attribute: { L: samples.map(({ attribute }) => attribute) },
      value: samples.filter((sample) => sample !== missing).map(({ value }) => value),
      extra: samples.flatMap(({ extra }, index) => below(String(index), extra)),
    }))
  const tag = setTag(items)
  if (!tag) return list
  const set = fc.array(item, { minLength: 1, maxLength: 3 }).map((samples) => ({
    attribute: { [`${tag}S`]: samples.map(({ attribute }) => (attribute as JsonObject)[tag] ?? null) },
    value: samples.map(({ value }) => value),
    extra: [],
  }))
  return fc.oneof(list, set)
}

function setTag(items: Type): 'S' | 'N' | 'B' | undefined {
  const { kind } = items.kind === 'optional' ? items.of : items
  if (kind === 'string' || kind === 'enum') return 'S'
  if (kind === 'bytes') return 'B'
  return kind === 'int' || kind === 'long' || kind === 'double' || kind === 'float' ? 'N' : undefined
}

function mapSample(values: Type, isPersonal: boolean): fc.Arbitrary<Sample> {
  const name = isPersonal ? personalText : arbitraryName.filter((text) => text !== '__proto__')
  const entry = fc.tuple(name, fc.oneof({ weight: 4, arbitrary: valueSample(values, isPersonal) }, nulled))
  return fc.uniqueArray(entry, { selector: ([key]) => key, maxLength: 3 }).map((entries) => {
    const present = entries.filter(([, { attribute }]) => attribute !== missing.attribute)
    return {
      attribute: toAttributes(entries),
      value: new Map(present.map(([key, { value }]) => [key, value])),
      extra: present.flatMap(([key, { extra }]) => below(key, extra)),
    }
  })
}

const nulled: fc.WeightedArbitrary<Sample> = { weight: 1, arbitrary: fc.constant(missing) }

function recordSample(
  type: RecordType,
  isPersonal: boolean,
  fixed: ReadonlyMap<string, Sample>,
): fc.Arbitrary<Sample> {
  const fields = fc.tuple(
    ...type.fields.map((field) => {
      const given = fixed.get(field.name)
      return given ? fc.constant(given) : fieldSample(field, isPersonal)
    }),
  )
  const name = arbitraryName.filter((text) => !type.attributes.has(text))
  const noise = fc.uniqueArray(fc.tuple(name, arbitraryNoise), { selector: ([text]) => text, maxLength: 2 })
  return fc.tuple(fields, noise).map(([found, extras]) => {
    const named = type.fields.map((field, index) => [field.name, found[index] ?? missing] as const)
    const attributes = named.flatMap(([key, { attribute }]) =>
      attribute === undefined ? [] : [[key, attribute] as const],
    )
    return {
      attribute: {
        M: Object.fromEntries([
          ...attributes,
          ...extras.map(([key, { attribute }]) => [key, attribute] as const),
        ]),
      },
      value: Object.fromEntries(named.map(([key, { value }]) => [key, value])),
      extra: [
        ...named.flatMap(([key, { extra }]) => below(key, extra)),
        ...extras.map(([key, { text }]) => [`/${toStep(key)}`, text] as const),
      ],
    }
  })
}

/** A field's sample; one that may be absent is absent or NULL at times. */
function fieldSample(field: Field, isPersonal: boolean): fc.Arbitrary<FieldSample> {
  const absentValue: Value = field.type.kind === 'array' ? [] : field.type.kind === 'map' ? new Map() : null
  const absent: FieldSample = { value: absentValue, extra: [] }
  if (field.derive) return fc.constant(absent)
  const inner = valueSample(field.type, isPersonal || field.pii)
  const whole = field.type.kind === 'string' ? inner.filter(({ value }) => value !== '') : inner
  if (!field.hasDefault) return whole
  return fc.oneof(
    { weight: 4, arbitrary: whole },
    {
      weight: 1,
      arbitrary: fc.constantFrom<FieldSample>(absent, { ...absent, attribute: { NULL: true } }),
    },
  )
}
/** A sample, or no attribute at all. */
type FieldSample = { readonly attribute?: Json; readonly value: Value; readonly extra: Sample['extra'] }

function toAttributes(entries: readonly (readonly [string, Sample])[]): Json {
  return { M: Object.fromEntries(entries.map(([name, { attribute }]) => [name, attribute])) }
}

function below(step: string, extra: Sample['extra']): Sample['extra'] {
  return extra.map(([pointer, text]) => [`/${toStep(step)}${pointer}`, text])
}

function toStep(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
