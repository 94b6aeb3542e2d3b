import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { athenaDdl, avroLiteral, hiveColumns, tableParameters } from '../../src/derive/ddl.ts'
import { hiveText } from '../../src/derive/hive.ts'
import { compileSchema, type RecordSchema } from '../../src/record/schema.ts'
import { type Json, parseRecordType } from '../../src/record/type.ts'
import { addedSchema, arbitrarySchema } from '../arbitrary/schema.ts'
import { peerType } from '../codec/peer.ts'

const catalog = loadCatalog()
const options = { location: 's3://bucket/prefix', from: '2020-01-01', yearsAhead: 3 }
const schemaOf = (type: string): RecordSchema => {
  const schema = catalog.get(type)
  if (!schema) throw new Error(type)
  return schema
}
const made = (fields: readonly Json[], more = {}) =>
  compileSchema(
    {
      type: 'record',
      name: 'thing',
      reference: '{type}',
      timestamp: ['change.timestamp'],
      partition: ['change.timestamp'],
      fields: [{ name: 'type', type: 'string' }, ...fields],
      ...more,
    },
    addedSchema,
    'thing.avsc',
  )

describe('the DDL of a record type', () => {
  it.each([...catalog.keys()])('%s is the one that was reviewed', async (type) => {
    await expect(athenaDdl(schemaOf(type), options)).toMatchFileSnapshot(`ddl/${type}.sql`)
  })

  it('projects the partitions of the very range that the worker accepts', () => {
    expect(
      tableParameters(schemaOf('demand'), { ...options, location: 's3://bucket/prefix//' }),
    ).toMatchObject({
      classification: 'avro',
      'projection.enabled': 'true',
      'projection.partition_date.type': 'date',
      'projection.partition_date.format': 'yyyy-MM-dd',
      'projection.partition_date.range': '2020-01-01,NOW+3YEARS',
      'projection.partition_date.interval': '1',
      'projection.partition_date.interval.unit': 'DAYS',
      'storage.location.template': 's3://bucket/prefix/data/demand/partition_date=${partition_date}/',
    })
    expect(tableParameters(schemaOf('demand'), { ...options, yearsAhead: 0 })).toMatchObject({
      'projection.partition_date.range': '2020-01-01,NOW',
    })
  })

  it('has a comment of at most 255 characters on one line, whatever the doc', () => {
    const doc = `It's; a "doc" \\ with\n\tlines 🎟️ ${'🎟️'.repeat(300)}`
    const schema = made([{ name: 'x', type: 'string', doc }], { doc })
    const comment = hiveColumns(schema)[1]?.comment ?? ''
    expect(comment.length).toBeLessThanOrEqual(255)
    expect(comment.isWellFormed()).toBe(true)
    const ddl = athenaDdl(schema, options)
    expect(ddl).not.toContain(';')
    expect(ddl).toContain('COMMENT \'It\\\'s\\u003b a "doc" \\\\ with lines')
  })

  it('that is longer than Athena takes is refused', () => {
    const fields = Array.from({ length: 3000 }, (_, index) => ({
      name: `field_number_${index}`,
      type: 'string',
    }))
    expect(() => athenaDdl(made(fields), options)).toThrowError(
      /thing\.avsc: its DDL has \d+ bytes, Athena takes/,
    )
  })
})

describe('the columns of a table', () => {
  it('have Hive types, their names in lower case all the way down', () => {
    const inner: Json = {
      type: 'record',
      name: 'inner',
      fields: [{ name: 'localDate', type: ['null', { type: 'int', logicalType: 'date' }], default: null }],
    }
    const types: readonly [Json, string][] = [
      ['string', 'string'],
      ['boolean', 'boolean'],
      ['int', 'int'],
      ['long', 'bigint'],
      ['float', 'float'],
      ['double', 'double'],
      ['bytes', 'binary'],
      [{ type: 'long', logicalType: 'timestamp-millis' }, 'timestamp'],
      [{ type: 'enum', name: 'e', symbols: ['A'] }, 'string'],
      [['null', 'long'], 'bigint'],
      [{ type: 'array', items: inner }, 'array<struct<localdate:date>>'],
      [{ type: 'map', values: ['null', 'inner'] }, 'map<string,struct<localdate:date>>'],
    ]
    const schema = made(types.map(([type], index) => ({ name: `fieldName${index}`, type })))
    expect(hiveColumns(schema).slice(1, -4)).toEqual(
      types.map(([, type], index) => ({ name: `fieldname${index}`, type, comment: '' })),
    )
  })

  it('stand in the order of the literal, because readers match nested ones by place', () => {
    for (const schema of catalog.values()) {
      const { fields } = parseRecordType(JSON.parse(avroLiteral(schema)), 'literal')
      expect(hiveColumns(schema).map(({ name }) => name)).toEqual(
        fields.map(({ name }) => name.toLowerCase()),
      )
    }
  })
})

describe('the schema literal', () => {
  it('describes the very type of the rows, without docs and annotations', () => {
    fc.assert(
      fc.property(fc.oneof(arbitrarySchema, fc.constantFrom(...catalog.values())), (schema) => {
        const literal = avroLiteral(schema)
        const bare = (key: string, value: unknown) =>
          key === 'doc' || key === 'pii' || key === 'derive' || key === 'attributes' ? undefined : value
        expect(JSON.stringify(parseRecordType(JSON.parse(literal), 'literal'), bare)).toBe(
          JSON.stringify(schema.row, bare),
        )
        expect(literal).not.toMatch(/"(?:doc|pii|derive|plural|reference|partition|deletedAt)":/)
        expect(peerType(JSON.parse(literal)).name).toBe(`dmd.${schema.type}`)
      }),
      { numRuns: 100 },
    )
  })

  it('keeps defaults and logical types', () => {
    expect(avroLiteral(schemaOf('sale'))).toContain(
      '{"name":"saleStartDate","type":["null",{"type":"int","logicalType":"date"}],"default":null}',
    )
  })
})

describe('a Hive string', () => {
  /** As Hive's parser reads a literal: \\uXXXX, \\ddd, and a backslash before anything else. */
  const readLiteral = (literal: string) =>
    literal
      .slice(1, -1)
      .replace(
        /\\u([0-9a-fA-F]{4})|\\([0-3][0-7]{2})|\\(.)/gsu,
        (_, unicode?: string, octal?: string, other?: string) =>
          unicode
            ? String.fromCharCode(Number.parseInt(unicode, 16))
            : octal
              ? String.fromCharCode(Number.parseInt(octal, 8))
              : (other ?? ''),
      )

  it('reads as the text that was put in, and can neither end early nor cut the statement', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom("'", '\\', ';', '"', 'u', '0', '\n', '%', '_', '-') }),
    )
    fc.assert(
      fc.property(text, (given) => {
        const literal = hiveText(given)
        expect(readLiteral(literal)).toBe(given)
        expect(literal).toMatch(/^'(?:[^'\\;\n\r]|\\.)*'$/u)
      }),
      { numRuns: 1000 },
    )
  })
})
