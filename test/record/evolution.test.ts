import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareSchemas } from '../../src/record/evolution.ts'
import { compileSchema } from '../../src/record/schema.ts'
import type { Json, JsonObject } from '../../src/record/type.ts'
import { addedSchema, arbitrarySchemaFile } from '../arbitrary/schema.ts'

const instant: Json = { type: 'long', logicalType: 'timestamp-millis' }
const text: Json = ['null', 'string']
const inner = (name: string, ...fields: readonly JsonObject[]): JsonObject => ({
  name,
  type: ['null', { type: 'record', name: `${name}Record`, fields }],
  default: null,
})
const fields: readonly JsonObject[] = [
  { name: 'type', type: 'string' },
  { name: 'id', type: 'string' },
  { name: 'shop', type: 'string' },
  { name: 'at', type: instant },
  { name: 'goneAt', type: ['null', instant], default: null },
  { name: 'iban', type: text, default: null, pii: true },
  { name: 'colour', type: { type: 'enum', name: 'colour', symbols: ['RED', 'BLUE'] } },
  inner(
    'guest',
    { name: 'name', type: text, default: null, pii: true },
    { name: 'seat', type: text, default: null },
  ),
  {
    ...inner('parts', { name: 'a', type: text, default: null }),
    derive: { from: 'shop', pattern: '^(?<a>.)' },
  },
  { name: 'notes', type: { type: 'array', items: 'string' }, default: [] },
]
const base = {
  type: 'record',
  name: 'refund',
  plural: 'refunds',
  reference: '{shop}_{id}',
  timestamp: ['at'],
  partition: ['at'],
  deletedAt: 'goneAt',
}
const compile = (more: JsonObject = {}, changed: readonly JsonObject[] = []) =>
  compileSchema(
    {
      ...base,
      ...more,
      fields: fields.map((field) => changed.find(({ name }) => name === field.name) ?? field),
    },
    addedSchema,
    'refund.avsc',
  )
const compare = (after: ReturnType<typeof compile>, before = compile()) =>
  compareSchemas(before, after)
    .filter(({ verdict }) => verdict !== 'same')
    .map(({ path, verdict, note }) => `${path} ${verdict}: ${note}`)

describe('an edited schema file', () => {
  test('that is the same finds every field the same', () => {
    expect(compare(compile())).toEqual([])
    expect(compareSchemas(compile(), compile())).toHaveLength(24)
  })

  test.each<[what: string, after: ReturnType<typeof compile>, finding: string]>([
    [
      'another partition',
      compile({ partition: ['change.timestamp'] }),
      '(partition) changes: was at, is change.timestamp: a change of an item can land in another partition than its earlier rows, a delete too',
    ],
    [
      'one more place for the partition',
      compile({ partition: ['goneAt', 'at'] }),
      '(partition) changes: was at, is goneAt, else at: a change',
    ],
    [
      'another reference',
      compile({ reference: '{id}' }),
      '(reference) changes: was {shop}_{id}, is {id}: an item has two',
    ],
    [
      'another timestamp',
      compile({ timestamp: ['goneAt', 'at'] }),
      '(timestamp) changes: was at, is goneAt, else at: ',
    ],
    [
      'no date of a delete',
      compile({ deletedAt: undefined as never }),
      '(deletedAt) changes: was goneAt, is nothing: ',
    ],
    ['another view', compile({ plural: 'returns' }), '(plural) changes: was refunds, is returns: '],
    [
      'a field that is no longer personal',
      compile({}, [{ name: 'iban', type: text, default: null }]),
      'iban changes: no longer personal',
    ],
    [
      'a field that is personal now',
      compile({}, [{ name: 'notes', type: { type: 'array', items: 'string' }, default: [], pii: true }]),
      'notes changes: personal from now on',
    ],
    [
      'a nested field that is no longer personal',
      compile({}, [
        inner(
          'guest',
          { name: 'name', type: text, default: null },
          { name: 'seat', type: text, default: null },
        ),
      ]),
      'guest.name changes: no longer personal',
    ],
    [
      'another pattern',
      compile({}, [
        {
          ...inner('parts', { name: 'a', type: text, default: null }),
          derive: { from: 'shop', pattern: '(?<a>.)$' },
        },
      ]),
      'parts changes: was taken from shop by ^(?<a>.), is taken from shop by (?<a>.)$',
    ],
    [
      'a field that is no longer derived',
      compile({}, [inner('parts', { name: 'a', type: text, default: null })]),
      'parts changes: taken from the item from now on',
    ],
    [
      'a symbol more',
      compile({}, [
        { name: 'colour', type: { type: 'enum', name: 'colour', symbols: ['RED', 'BLUE', 'GREEN'] } },
      ]),
      'colour reads: a symbol from now on: GREEN',
    ],
    [
      'a symbol less',
      compile({}, [{ name: 'colour', type: { type: 'enum', name: 'colour', symbols: ['RED'] } }]),
      'colour breaks: no longer a symbol: BLUE',
    ],
    [
      'a field that is required now',
      compile({}, [{ name: 'notes', type: { type: 'array', items: 'string' } }]),
      'notes changes: required from now on',
    ],
  ])('with %s says so', (_, after, finding) => {
    const found = compare(after)
    expect(found).toHaveLength(1)
    expect(found[0]?.slice(0, finding.length)).toBe(finding)
  })

  test('in which a record is personal instead of its fields says what is personal besides, once', () => {
    const guest = inner(
      'guest',
      { name: 'name', type: text, default: null, pii: true },
      { name: 'seat', type: text, default: null },
    )
    const whole = {
      ...inner(
        'guest',
        { name: 'name', type: text, default: null },
        { name: 'seat', type: text, default: null },
      ),
      pii: true,
    }
    expect(compare(compile({}, [whole]))).toEqual([
      expect.stringMatching(/^guest changes: personal from now on/),
    ])
    expect(compare(compile({}, [guest]), compile({}, [whole]))).toEqual([
      expect.stringMatching(/^guest changes: no longer personal/),
    ])
  })

  test('finds nothing but the same between any schema and itself', () => {
    fc.assert(
      fc.property(arbitrarySchemaFile, (file) => {
        const schema = compileSchema(file, addedSchema, 'any.avsc')
        for (const { verdict } of compareSchemas(schema, schema)) expect(verdict).toBe('same')
      }),
      { numRuns: 100 },
    )
  })
})
