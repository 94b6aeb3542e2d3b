import { describe, expect, it } from 'vitest'
import { type Json, parseRecordType } from '../../src/record/type.ts'

const record = (fields: Json, more = {}): Json => ({ type: 'record', name: 'thing', fields, ...more })
const field = (type: Json, more = {}): Json => record([{ name: 'a', type, ...more }])
const nested = (type: Json): Json => field(record([{ name: 'b', type }], { name: 'inner' }))

describe('a schema', () => {
  it.each<[string, Json, string]>([
    ['is a record', 'string', 'the schema: a schema is a record'],
    ['is no number', 7, 'the schema: a type is a name, a list or an object'],
    ['has a name', { type: 'record', fields: [] }, 'the schema: a record or enum has a name'],
    ['has a valid name', record([], { name: '1x' }), 'the schema: a record or enum has a name'],
    ['has a valid namespace', record([], { namespace: 'a..b' }), 'the schema: a record or enum has a name'],
    ['has no name of Avro’s', record([], { name: 'string' }), 'the name "string" belongs to a type'],
    ['has fields', record([]), 'the schema: a record has a list of at least one field'],
    ['has a list of fields', record({}), 'the schema: a record has a list of at least one field'],
    ['names its fields', record([{ type: 'string' }]), 'the schema: every field has a name'],
    ['has valid field names', record([{ name: 'a-b', type: 'string' }]), 'every field has a name'],
    ['has no __proto__', record([{ name: '__proto__', type: 'string' }]), '__proto__: this name cannot'],
    ['types its fields', record([{ name: 'a' }]), 'a: the field has no type'],
    ['knows its types', field('varchar'), 'a: the type "varchar" is not known'],
    ['has no inherited types', field('constructor'), 'a: the type "constructor" is not known'],
    ['has no fixed', field({ type: 'fixed', name: 'f', size: 2 }), 'a: the type "fixed" is not known'],
    ['has no null alone', field('null'), 'a: the type "null" is not known'],
    ['has no micros', field({ type: 'long', logicalType: 'timestamp-micros' }), 'a: the logical type long/'],
    ['has no date of long', field({ type: 'long', logicalType: 'date' }), 'a: the logical type long/date'],
    ['has no union of two', field(['string', 'int']), 'a: a union is ["null", type]'],
    ['has no union of one', field(['null']), 'a: a union is ["null", type]'],
    ['has no union of three', field(['null', 'string', 'int']), 'a: a union is ["null", type]'],
    ['has no null twice', field(['null', 'null']), 'a: a union is ["null", type]'],
    ['has no union in a union', field(['null', { type: ['null', 'int'] }]), 'a: a union holds no union'],
    ['has no nested unknown', nested('what'), 'a.b: the type "what" is not known'],
    ['has no unknown items', field({ type: 'array', items: 'what' }), 'a[]: the type "what"'],
    ['has items', field({ type: 'array' }), 'a[]: a type is a name'],
    ['has no unknown values', field({ type: 'map', values: 'what' }), 'a{}: the type "what"'],
    ['has symbols', field({ type: 'enum', name: 'e', symbols: [] }), 'a: an enum has symbols'],
    ['has valid symbols', field({ type: 'enum', name: 'e', symbols: ['a b'] }), 'a: an enum has symbols'],
    ['has no symbol twice', field({ type: 'enum', name: 'e', symbols: ['x', 'x'] }), 'a: a symbol occurs'],
    ['does not recur', field(['null', 'thing']), 'a: the type "thing" is not known here'],
    ['does not reuse its own name', field(record([], { name: 'thing' })), 'a: the name "thing" is declared'],
    ['has no default value', field('string', { default: 'x' }), 'a: a default is null for'],
    ['has no null for text', field('string', { default: null }), 'a: a default is null for'],
    ['has no null second', field(['string', 'null'], { default: null }), 'a: a default is null for'],
    [
      'has no full list',
      field({ type: 'array', items: 'int' }, { default: [1] }),
      'a: a default is null for',
    ],
    ['has no full map', field({ type: 'map', values: 'int' }, { default: { x: 1 } }), 'a: a default is null'],
    ['has pii as a flag', field('string', { pii: 'yes' }), 'a: "pii" is true or false'],
    ['has no personal number', field('int', { pii: true }), 'a: a personal field must be text'],
    ['has no unfinished rule', field(['null', 'string'], { derive: { from: 'b' } }), 'a: "derive" is'],
    ['has no broken pattern', field('string', { derive: { from: 'b', pattern: '(' } }), 'a: the pattern'],
  ])('%s', (_, schema, message) => {
    expect(() => parseRecordType(schema, 'thing.avsc')).toThrowError(
      expect.objectContaining({ code: 'SCHEMA_INVALID', message: expect.stringContaining(message) }),
    )
    expect(() => parseRecordType(schema, 'thing.avsc')).toThrowError(/^thing\.avsc: /)
  })

  it('is nested 32 levels deep at most, itself and its text among them', () => {
    const lists = (count: number) =>
      field(Array.from({ length: count }).reduce<Json>((items) => ({ type: 'array', items }), 'string'))
    expect(parseRecordType(lists(30), 'x').fields).toHaveLength(1)
    expect(() => parseRecordType(lists(31), 'x')).toThrowError('types are nested 32 levels deep at most')
  })

  it('has 10,000 types at most, one that is used by its name counted at each use', () => {
    const fields = (count: number) =>
      Array.from({ length: count }, (_, n): Json => ({ name: `a${n}`, type: 'string' }))
    expect(parseRecordType(record(fields(9999)), 'x').fields).toHaveLength(9999)
    expect(() => parseRecordType(record(fields(10_000)), 'x')).toThrowError('10000 types at most')
    const inner = record(fields(99), { name: 'inner' })
    const uses = (count: number) =>
      record(
        Array.from({ length: count }, (_, n): Json => ({ name: `b${n}`, type: n === 0 ? inner : 'inner' })),
      )
    expect(parseRecordType(uses(99), 'x').fields).toHaveLength(99)
    expect(() => parseRecordType(uses(100), 'x')).toThrowError('10000 types at most')
  })

  it('has no fields that differ in case only, because SQL could not tell them apart', () => {
    const schema = record([
      { name: 'eventId', type: 'string' },
      { name: 'eventID', type: 'string' },
    ])
    expect(() => parseRecordType(schema, 'x')).toThrowError('x: eventID: SQL knows this name already')
  })

  it('may use a name again once it is declared, in its namespace or in full', () => {
    const inner = record([{ name: 'b', type: 'string' }], { name: 'inner' })
    const schema = record(
      [
        { name: 'a', type: inner },
        { name: 'c', type: ['null', 'inner'], default: null },
        { name: 'd', type: { type: 'array', items: 'x.y.inner' } },
      ],
      { namespace: 'x.y' },
    )
    const [a, c, d] = parseRecordType(schema, 'x').fields
    expect(c?.type).toEqual({ kind: 'optional', of: a?.type, nullAt: 0 })
    expect(d?.type).toEqual({ kind: 'array', items: a?.type })
    expect(a?.type).toMatchObject({ kind: 'record', name: 'x.y.inner' })
  })

  it('has a field without a default only where it is required', () => {
    const fields = parseRecordType(
      record([
        { name: 'a', type: 'string' },
        { name: 'b', type: ['null', 'string'], default: null },
        { name: 'c', type: { type: 'array', items: 'int' }, default: [] },
        { name: 'd', type: { type: 'map', values: 'int' }, default: {} },
      ]),
      'x',
    ).fields
    expect(fields.map(({ hasDefault }) => hasDefault)).toEqual([false, true, true, true])
  })
})
