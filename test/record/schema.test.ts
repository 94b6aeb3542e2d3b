import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { builtInSchemas, loadCatalog } from '../../src/catalog.ts'
import { readRow } from '../../src/delivery/row.ts'
import { athenaViews } from '../../src/query/athena/views.ts'
import { compileSchema, toCatalog } from '../../src/record/schema.ts'
import type { Json, JsonObject } from '../../src/record/type.ts'
import { addedSchema } from '../arbitrary/schema.ts'

const instant: Json = { type: 'long', logicalType: 'timestamp-millis' }
const text: Json = ['null', 'string']
const base = {
  type: 'record',
  name: 'ticket',
  reference: '{id}',
  timestamp: ['at'],
  partition: ['at'],
} as const
const fields: readonly Json[] = [
  { name: 'type', type: 'string' },
  { name: 'id', type: 'string' },
  { name: 'at', type: instant },
  { name: 'soldAt', type: ['null', instant], default: null },
  { name: 'holder', type: text, default: null, pii: true },
  {
    name: 'strict',
    type: ['null', { type: 'record', name: 'strict', fields: [{ name: 'at', type: instant }] }],
    default: null,
  },
]
const compile = (more: JsonObject, extra: readonly Json[] = []) =>
  compileSchema({ ...base, fields: [...fields, ...extra], ...more }, addedSchema, 'ticket.avsc')
const parts = (name: string, more = {}): Json => ({
  name,
  type: [
    'null',
    { type: 'record', name: `${name}Parts`, fields: [{ name: 'a', type: text, default: null }] },
  ],
  default: null,
  derive: { from: 'holder', pattern: '^(?<a>.)' },
  ...more,
})

describe('the rules in a schema file', () => {
  it('are read into paths', () => {
    expect(compile({ partition: ['soldAt', 'at'], deletedAt: 'soldAt', reference: 't-{id}' })).toMatchObject({
      type: 'ticket',
      plural: 'tickets',
      reference: ['t-', 'id', ''],
      partition: [['soldAt'], ['at']],
      deletedAt: ['soldAt'],
    })
  })

  it.each<[string, JsonObject, readonly Json[], string]>([
    ['an unusable name', { name: 'Ticket' }, [], '"name" is the record type'],
    ['a name with a dot', { name: 'a.b' }, [], '"name" is the record type'],
    ['a plural like the name', { plural: 'ticket' }, [], '"plural" is the name of the SQL view'],
    ['an unusable plural', { plural: 'All Tickets' }, [], '"plural" is the name of the SQL view'],
    ['no fields', { fields: null }, [], 'a schema is an Avro record'],
    ['no type field', { fields: [{ name: 'id', type: 'string' }] }, [], 'has a field "type" of type string'],
    ['no reference', { reference: null }, [], '"reference" is a text such as'],
    ['a reference without a field', { reference: 'x' }, [], 'names at least one field in braces'],
    ['an unknown reference', { reference: '{no}' }, [], '{no} is no required text field'],
    ['an inherited reference', { reference: '{constructor}' }, [], '{constructor} is no required text'],
    ['a nullable reference', { reference: '{holder}' }, [], '{holder} is no required text field'],
    [
      'a personal reference',
      { reference: '{name}' },
      [{ name: 'name', type: 'string', pii: true }],
      '{name} is personal',
    ],
    ['no timestamp', { timestamp: [] }, [], '"timestamp" is a list of paths'],
    ['no partition', { partition: 'at' }, [], '"partition" is a list of paths'],
    ['an unknown path', { partition: ['nope'] }, [], '"partition": "nope" is no path to an instant'],
    ['an empty path', { partition: [''] }, [], '"partition": "" is no path to an instant'],
    ['a path to a text', { partition: ['id'] }, [], '"partition": "id" is no path to an instant'],
    ['a path beyond an instant', { partition: ['at.x'] }, [], '"at.x" is no path to an instant'],
    ['a path that is no text', { partition: [1] }, [], '"partition": 1 is no path to an instant'],
    ['a partition that may end null', { partition: ['soldAt'] }, [], '"partition" ends with an instant that'],
    [
      'a partition that may end in null',
      { partition: ['strict.at'] },
      [],
      '"partition" ends with an instant',
    ],
    ['a timestamp out of itself', { timestamp: ['reference.timestamp'] }, [], 'no path to an instant'],
    [
      'a personal date in a rule',
      { partition: ['born', 'at'] },
      [{ name: 'born', type: ['null', instant], default: null, pii: true }],
      'born is personal',
    ],
    ['an unknown deletedAt', { deletedAt: 'nope' }, [], '"deletedAt": "nope" is no path'],
    ['a deletedAt of the worker’s', { deletedAt: 'change.timestamp' }, [], 'is no path to an instant'],
    [
      'a deletedAt that cannot be made',
      { deletedAt: 'strict.at', partition: ['at'] },
      [],
      '"deletedAt": a delete',
    ],
    [
      'the partition column',
      {},
      [{ name: 'Partition_Date', type: 'string' }],
      'the partition column has this',
    ],
    ['a field of the worker’s', {}, [{ name: 'isdeleted', type: 'boolean' }], 'SQL knows this name already'],
    [
      'parts of nothing',
      {},
      [parts('p', { derive: { from: 'no', pattern: 'x' } })],
      'takes from a text field',
    ],
    ['parts of a personal text', {}, [parts('p')], 'parts of a personal field are personal'],
    [
      'parts that are no texts',
      {},
      [{ name: 'p', type: 'string', derive: { from: 'id', pattern: 'x' } }],
      'a derived field is a nullable record of nullable texts',
    ],
    [
      'parts inside a record',
      {},
      [{ name: 'o', type: { type: 'record', name: 'o', fields: [parts('p', { pii: true })] } }],
      'o: "derive" belongs on a field of the record itself',
    ],
  ])('are refused by name: %s', (_, more, extra, message) => {
    expect(() => compile(more, extra)).toThrowError(
      expect.objectContaining({ code: 'SCHEMA_INVALID', message: expect.stringContaining(message) }),
    )
    expect(() => compile(more, extra)).toThrowError(/^ticket\.avsc: /)
  })
})

describe('a catalog', () => {
  const named = (name: string, plural?: string) => compile({ name, ...(plural ? { plural } : {}) })

  it('is in alphabetical order', () => {
    expect([...toCatalog([named('b'), named('c'), named('a')]).keys()]).toEqual(['a', 'b', 'c'])
  })

  it.each([
    ['the same type twice', [named('a'), named('a')], '"a" is taken by a.avsc'],
    ['a plural that is a type', [named('people'), named('person', 'people')], '"people" is taken'],
    ['a view that is a type', [named('a'), named('a_changes')], '"a_changes" is taken by a.avsc'],
    ['a plural that is a view', [named('a', 'a_current')], '"a_current" is taken by a.avsc'],
    ['a masked view that is a type', [named('a'), named('a_masked')], '"a_masked" is taken by a.avsc'],
    ['a masked view that is a plural', [named('b', 'a_masked'), named('a')], '"a_masked" is taken by b.avsc'],
    ['one plural for two', [named('a', 'all'), named('b', 'all')], '"all" is taken by a.avsc'],
  ])('refuses %s', (_, schemas, message) => {
    expect(() => toCatalog(schemas)).toThrowError(message)
  })

  it('refuses every name that a view of another type has in Athena', () => {
    const views = athenaViews(named('a')).map(({ name }) => name)
    expect(views.length).toBeGreaterThan(3)
    for (const view of views)
      expect(() => toCatalog([named('a'), named(view)])).toThrowError(`"${view}" is taken by a.avsc`)
  })
})

describe('a fifth record type', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dmd-schemas-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is a file', () => {
    writeFileSync(join(folder, 'ticket.avsc'), JSON.stringify({ ...base, fields }))
    const catalog = loadCatalog(folder)
    expect([...catalog.keys()]).toEqual(['demand', 'event', 'notification', 'sale', 'ticket'])
    const payload = {
      eventID: 'e',
      eventName: 'REMOVE',
      dynamodb: {
        ApproximateCreationDateTime: Date.UTC(2025, 0, 1),
        Keys: { id: { S: 't1' } },
        OldImage: {
          type: { S: 'ticket' },
          id: { S: 't1' },
          at: { S: '2025-01-02' },
          holder: { S: 'Ada' },
        },
      },
    }
    const row = readRow(
      { payload: Buffer.from(JSON.stringify(payload)), sequence: '1' },
      { catalog, range: { from: '2020-01-01', yearsAhead: 3 }, isKeyAttribute: () => false },
    )
    expect(row).toMatchObject({
      ok: true,
      partitionDate: '2025-01-02',
      row: { id: 't1', holder: '[redacted]', isDeleted: true, reference: { id: 't1' } },
    })
  })

  it('may place its rows by the date that a delete sets: the delete still lies where its image lay', () => {
    const schema = compile({ partition: ['soldAt', 'at'], deletedAt: 'soldAt' })
    const image = { type: { S: 'ticket' }, id: { S: 't1' }, at: { S: '2025-01-02' } }
    const payload = {
      eventID: 'e',
      eventName: 'REMOVE',
      dynamodb: {
        ApproximateCreationDateTime: Date.UTC(2025, 5, 1),
        Keys: { id: { S: 't1' } },
        OldImage: image,
      },
    }
    const row = readRow(
      { payload: Buffer.from(JSON.stringify(payload)), sequence: '1' },
      {
        catalog: toCatalog([schema]),
        range: { from: '2020-01-01', yearsAhead: 3 },
        isKeyAttribute: () => false,
      },
    )
    expect(row).toMatchObject({ partitionDate: '2025-01-02', row: { soldAt: Date.UTC(2025, 5, 1) } })
  })

  it('wins over a built-in one of its name', () => {
    cpSync(join(builtInSchemas, 'sale.avsc'), join(folder, 'sale.avsc'))
    expect([...loadCatalog(folder).keys()]).toContain('sale')
  })

  it('is refused under another file name, and unreadable ones are named', () => {
    writeFileSync(join(folder, 'voucher.avsc'), JSON.stringify({ ...base, fields }))
    expect(() => loadCatalog(folder)).toThrowError(/voucher\.avsc: the record is named "ticket"/)
    writeFileSync(join(folder, 'voucher.avsc'), '{')
    expect(() => loadCatalog(folder)).toThrowError(/voucher\.avsc: /)
    expect(() => loadCatalog(join(folder, 'nowhere'))).toThrowError(/nowhere cannot be read/)
  })
})
