import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readContainer } from '../../src/codec/container.ts'
import { planBatch } from '../../src/delivery/plan.ts'
import { openIsolated } from '../../src/query/duckdb/isolated.ts'
import type { DuckDbParts } from '../../src/query/duckdb/parts.ts'
import { forkWorker } from '../../src/query/duckdb/worker.ts'
import { openDuckDb } from '../../src/query/duckdb.ts'
import { compileSchema, toCatalog } from '../../src/record/schema.ts'
import type { RecordType, RecordValue, Type, Value } from '../../src/record/type.ts'
import { openMemoryStore } from '../../src/store/memory.ts'
import { arbitraryChange, wideRange } from '../arbitrary/change.ts'
import { addedSchema, arbitrarySchema } from '../arbitrary/schema.ts'
import { useChild } from '../child.ts'
import { containerOf } from '../container-of.ts'
import { asJson } from './archive.ts'

// Every kind of value, at the ends of its range, and the JSON that a query gives for it, digit for digit.
const kinds: readonly (readonly [name: string, type: unknown, value: Value, json: string])[] = [
  ['longMax', 'long', 9_223_372_036_854_775_807n, '9223372036854775807'],
  ['longMin', 'long', -9_223_372_036_854_775_808n, '-9223372036854775808'],
  ['longOdd', 'long', 9_007_199_254_740_993n, '9007199254740993'],
  ['longZero', 'long', 0, '0'],
  ['intMax', 'int', 2_147_483_647, '2147483647'],
  ['intMin', 'int', -2_147_483_648, '-2147483648'],
  ['doubleMax', 'double', Number.MAX_VALUE, '1.7976931348623157e+308'],
  ['doubleLeast', 'double', Number.MIN_VALUE, '5e-324'],
  ['doubleTenth', 'double', 0.1, '0.1'],
  ['doubleWhole', 'double', -3, '-3'],
  ['doubleNaN', 'double', Number.NaN, 'null'],
  ['doubleInfinite', 'double', Number.NEGATIVE_INFINITY, 'null'],
  ['floatHalf', 'float', 0.5, '0.5'],
  ['yes', 'boolean', true, 'true'],
  ['bytesNone', 'bytes', new Uint8Array(), '""'],
  ['bytesSome', 'bytes', Uint8Array.of(0, 255, 128, 39), '"AP+AJw=="'],
  ['textEmpty', 'string', '', '""'],
  ['textEmoji', 'string', '👩‍👩‍👧 🎟️', '"👩‍👩‍👧 🎟️"'],
  ['textNul', 'string', 'a\u0000b\u0000', '"a\\u0000b\\u0000"'],
  ['textRtl', 'string', 'שלום مرحبا', '"שלום مرحبا"'],
  ['textQuotes', 'string', `"'\\\r\n\t`, `"\\"'\\\\\\r\\n\\t"`],
  ['textLong', 'string', 'é'.repeat(100_000), `"${'é'.repeat(100_000)}"`],
  ['enumOne', { type: 'enum', name: 'color', symbols: ['RED', 'GREEN'] }, 'GREEN', '"GREEN"'],
  ['absent', ['null', 'string'], null, 'null'],
  ['dateFirst', { type: 'int', logicalType: 'date' }, -719_162, '"0001-01-01"'],
  ['dateBefore', { type: 'int', logicalType: 'date' }, -1, '"1969-12-31"'],
  ['dateLast', { type: 'int', logicalType: 'date' }, 2_932_896, '"9999-12-31"'],
  ['instantFirst', instant(), -62_135_596_800_000, '"0001-01-01T00:00:00.000Z"'],
  ['instantBefore', instant(), -1, '"1969-12-31T23:59:59.999Z"'],
  ['instantLast', instant(), 253_402_300_799_999, '"9999-12-31T23:59:59.999Z"'],
  ['listEmpty', { type: 'array', items: 'string' }, [], '[]'],
  ['listNulls', { type: 'array', items: ['null', 'long'] }, [null, 1, null], '[null,1,null]'],
  [
    'listNested',
    { type: 'array', items: { type: 'array', items: 'int' } },
    [[], [1], [2, 3]],
    '[[],[1],[2,3]]',
  ],
  ['mapEmpty', { type: 'map', values: 'string' }, new Map(), '{}'],
  [
    'mapOdd',
    { type: 'map', values: ['null', 'int'] },
    new Map([
      ['', 1],
      ['__proto__', 2],
      [`'"`, null],
    ]),
    `{"":1,"__proto__":2,"'\\"":null}`,
  ],
  [
    'listRecords',
    {
      type: 'array',
      items: record('venue', [
        ['name', 'string'],
        ['tags', { type: 'array', items: 'string' }],
      ]),
    },
    [
      { name: 'a', tags: [] },
      { name: 'b', tags: ['x', 'y'] },
    ],
    '[{"name":"a","tags":[]},{"name":"b","tags":["x","y"]}]',
  ],
  [
    'deep',
    ['null', record('outer', [['inner', ['null', record('inner', [['at', instant()]])]]])],
    { inner: { at: 0 } },
    '{"inner":{"at":"1970-01-01T00:00:00.000Z"}}',
  ],
  ['deepNull', ['null', record('other', [['a', ['null', 'int']]])], { a: null }, '{"a":null}'],
]

function instant(): unknown {
  return { type: 'long', logicalType: 'timestamp-millis' }
}
function record(name: string, fields: readonly (readonly [string, unknown])[]): unknown {
  return { type: 'record', name, fields: fields.map(([field, type]) => ({ name: field, type })) }
}

const worker = useChild(new URL('../../src/query/duckdb/child.ts', import.meta.url))

test.each([
  ['in this process', openDuckDb],
  [
    'in a process of its own',
    (parts: DuckDbParts) => openIsolated(parts, { fork: () => forkWorker(worker()) }),
  ],
])('every kind of value is given in JSON as it was archived, to the last digit, %s', async (_, open) => {
  const file = {
    type: 'record',
    name: 'kinds',
    plural: 'all_kinds',
    reference: '{id}',
    timestamp: ['change.timestamp'],
    partition: ['change.timestamp'],
    fields: [
      { name: 'type', type: 'string' },
      { name: 'id', type: 'string' },
      ...kinds.map(([name, type]) => ({ name, type })),
    ],
  }
  const schema = compileSchema(JSON.parse(JSON.stringify(file)), addedSchema, 'kinds.avsc')
  const row: RecordValue = {
    type: 'kinds',
    id: '1',
    ...Object.fromEntries(kinds.map(([name, , value]) => [name, value])),
    isDeleted: false,
    reference: { id: '1', timestamp: 0 },
    change: {
      ...{ id: 'c', operation: 'INSERT', timestamp: 0, micros: 1, key: '{}', sequence: null },
      ...{ previousPartition: null, actor: null, table: null },
    },
    extra: new Map(),
  }
  const sync = new Uint8Array(16).fill(1)
  const spec = { schema: schema.avro, type: schema.row, codec: 'null', metadata: new Map(), sync } as const
  const store = openMemoryStore()
  await store.put('data/kinds/partition_date=2025-02-13/a.avro', containerOf(spec, [row]))
  const engine = await open({ store, catalog: toCatalog([schema]) })
  for (const [name, , , json] of kinds)
    expect(await asJson(engine, `SELECT ${name} AS v FROM kinds`), name).toBe(`[\n{"v":${json}}\n]\n`)
  await engine.close()
})

/** What the JSON of a query says of a value, read back by JSON.parse. */
function shown(type: Type, value: Value): unknown {
  if (value === null) return null
  switch (type.kind) {
    case 'optional':
      return shown(type.of, value)
    case 'array':
      return (value as readonly Value[]).map((item) => shown(type.items, item))
    case 'map': {
      const entries = [...(value as ReadonlyMap<string, Value>)]
      return toObject(entries.map(([name, item]) => [text(name), shown(type.values, item)]))
    }
    case 'record':
      return toObject(shownFields(type, value as RecordValue))
    case 'instant':
      return new Date(value as number).toISOString()
    case 'date':
      return new Date((value as number) * 86_400_000).toISOString().slice(0, 10)
    case 'bytes':
      return Buffer.from(value as Uint8Array).toString('base64')
    case 'boolean':
      return value
    case 'string':
    case 'enum':
      return text(value as string)
    default:
      return Number(value) + 0
  }
}

function shownFields(type: RecordType, row: RecordValue): readonly (readonly [string, unknown])[] {
  return type.fields.map((field) => [field.name.toLowerCase(), shown(field.type, row[field.name] ?? null)])
}

/** As JSON.parse makes it, of any names. */
function toObject(entries: readonly (readonly [string, unknown])[]): unknown {
  return JSON.parse(
    `{${entries.map((entry) => entry.map((part) => JSON.stringify(part)).join(':')).join(',')}}`,
  )
}

/** DuckDB's binding for Node leaves a byte order mark out when it reads a text; the table holds it. */
function text(value: string): string {
  return value.replace(/^\ufeff/, '')
}

test('for any record type, changes that are delivered come back by SQL as their files say', async () => {
  const arbitraryCase = arbitrarySchema.chain((schema) =>
    fc.record({
      schema: fc.constant(schema),
      changes: fc.array(arbitraryChange(schema), { minLength: 1, maxLength: 4 }),
    }),
  )
  await fc.assert(
    fc.asyncProperty(arbitraryCase, async ({ schema, changes }) => {
      const catalog = toCatalog([schema])
      const rules = { catalog, range: wideRange, isKeyAttribute: () => false, codec: 'deflate' } as const
      const batch = { stream: 's', shard: '0', records: changes.map((change) => change.record) }
      const { objects } = planBatch(batch, rules)
      const store = openMemoryStore()
      const expected: unknown[] = []
      for (const { key, bytes, partitionDate } of objects) {
        await store.put(key, bytes)
        for (const row of readContainer(bytes, key).rows())
          expected.push(toObject([...shownFields(schema.row, row), ['partition_date', partitionDate]]))
      }
      const engine = await openDuckDb({ store, catalog })
      try {
        const found: unknown[] = JSON.parse(await asJson(engine, `SELECT * FROM ${schema.plural}`))
        const sorted = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).sort()
        expect(found).toHaveLength(changes.length)
        expect(sorted(found)).toEqual(sorted(expected))
      } finally {
        await engine.close()
      }
    }),
    { numRuns: 40 },
  )
})
