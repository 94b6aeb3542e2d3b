import fc from 'fast-check'
import type { Field, RecordType, Type } from '../../../src/record/type.ts'

// Mostly sound, now and then what a careless caller sends.
const odd = fc.constantFrom<unknown>(
  null,
  '',
  '\ud800',
  0,
  -0,
  1e300,
  1.5,
  true,
  [],
  {},
  [null],
  '2025-02-30',
  { S: 'x' },
)
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom('x', 'é😀', '\u0000', '[redacted]'),
)
const instant = fc.oneof(
  fc
    .date({ min: new Date('2020-01-01'), max: new Date('2028-01-01'), noInvalidDate: true })
    .map((at) => at.toISOString()),
  fc.constantFrom(
    '2025-02-13',
    '20250213T18',
    '2025-02-13T18:30:00.123456789+14:00',
    '0001-01-01T00:00+01:00',
  ),
  fc.constantFrom(
    '9999-12-31T23:59:59-01:00',
    '1969-12-31',
    '2028-02-12T23:59:59.999Z',
    '2028-02-14',
    '2020-01-01',
  ),
)
const id = fc.constantFrom('a', 'b', 'A_1', 'fan.1~x:y@z+=-', '_')

/** Bodies for a record type, by its schema: most of them can be taken. */
export function arbitraryBody(
  type: RecordType,
  ids: readonly string[],
  skip: readonly string[],
): fc.Arbitrary<object> {
  return arbitraryRecord(type, '', ids, skip)
}

function arbitraryRecord(
  type: RecordType,
  path: string,
  ids: readonly string[],
  skip: readonly string[],
): fc.Arbitrary<object> {
  const entries = type.fields
    .filter((field) => !field.derive && !skip.includes(path + field.name))
    .map((field) => [field.name, arbitraryField(field, path, ids, skip)] as const)
  const required = type.fields.filter((field) => !field.hasDefault).map(({ name }) => name)
  return fc.record(Object.fromEntries(entries), {
    requiredKeys: entries.flatMap(([name]) => (required.includes(name) ? [name] : [])),
  })
}

function arbitraryField(
  { name, type }: Field,
  path: string,
  ids: readonly string[],
  skip: readonly string[],
) {
  const sound = ids.includes(path + name) ? id : arbitraryValue(type, `${path}${name}.`, ids, skip)
  return fc.oneof({ arbitrary: sound, weight: 80 }, { arbitrary: odd, weight: 1 })
}

function arbitraryValue(
  type: Type,
  path: string,
  ids: readonly string[],
  skip: readonly string[],
): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'optional':
      return fc.option(arbitraryValue(type.of, path, ids, skip), { freq: 8 })
    case 'boolean':
      return fc.boolean()
    case 'int':
      return fc.integer()
    case 'double':
      return fc.oneof(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.double({ min: -180, max: 180, noNaN: true }),
      )
    case 'instant':
      return instant
    case 'date':
      return fc.constantFrom('2025-02-13', '2024-02-29', '0001-01-01', '9999-12-31')
    case 'array':
      return fc.array(arbitraryValue(type.items, path, ids, skip), { maxLength: 3 })
    case 'record':
      return arbitraryRecord(type, path, ids, skip)
    default:
      return text
  }
}
