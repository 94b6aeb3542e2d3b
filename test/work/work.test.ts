import { expect, test } from 'vitest'
import { readContainer } from '../../src/codec/container.ts'
import { readChangeEvent } from '../../src/codec/lambda-event.ts'
import { planBatch } from '../../src/delivery/plan.ts'
import { readRow } from '../../src/delivery/row.ts'
import { diffPayloads } from '../../src/errors/diff.ts'
import { explainRecord } from '../../src/errors/explain.ts'
import { frequenciesOf } from '../../src/errors/frequencies.ts'
import { parseErrorFile } from '../../src/errors/read.ts'
import { compileSchema, toCatalog } from '../../src/record/schema.ts'
import { parseRecordType } from '../../src/record/type.ts'
import { addedSchema } from '../arbitrary/schema.ts'
import { change, kinesisEvent } from '../changes.ts'
import { catalog, rules } from '../codec/example.ts'
import { containerOf } from '../container-of.ts'
import { countSteps } from './steps.ts'

type Object = { [name: string]: unknown }
const many = <T>(n: number, make: (index: number) => T): T[] =>
  Array.from({ length: n }, (_, index) => make(index))
const members = (n: number, value: unknown): Object =>
  Object.fromEntries(many(n, (index) => [`a${index}`, value]))

/** A change whose parts are put together by hand: what a stranger can put on the stream. */
function payloadOf({ image = {}, keys = { PK: { S: 'a' } } }: { image?: Object; keys?: Object }): Uint8Array {
  const envelope = JSON.parse(Buffer.from(change({ id: 'x' })).toString())
  envelope.dynamodb = {
    ...envelope.dynamodb,
    Keys: keys,
    NewImage: { ...envelope.dynamodb.NewImage, ...image },
  }
  return Buffer.from(JSON.stringify(envelope))
}

const places = compileSchema(
  {
    type: 'record',
    name: 'places',
    doc: 'd',
    plural: 'placess',
    reference: '{id}',
    timestamp: ['change.timestamp'],
    partition: ['change.timestamp'],
    fields: [
      { name: 'type', type: 'string', doc: 'd' },
      { name: 'id', type: 'string', doc: 'd' },
      {
        name: 'of',
        type: {
          type: 'map',
          values: {
            type: 'record',
            name: 'place',
            fields: [{ name: 'n', type: ['null', 'string'], default: null }],
          },
        },
        default: {},
        doc: 'd',
      },
    ],
  },
  addedSchema,
  'places.avsc',
)
const withPlaces = { ...rules, catalog: toCatalog([places]) }

const read = (payload: Uint8Array) => () => readRow({ payload, sequence: '1' }, rules)
const doubling = (levels: number, isPersonal: boolean) => {
  const records = many(levels, (index) => ({
    type: 'record',
    name: `r${index}`,
    fields: ['x', 'y'].map((name) => ({
      name,
      pii: isPersonal,
      type: index === 0 ? 'string' : `r${index - 1}`,
    })),
  }))
  const fields = records.map((type, index) => ({ name: `f${index}`, type }))
  return { type: 'record', name: 'top', fields }
}
const tryTo = (work: () => unknown) => () => {
  try {
    return work()
  } catch (error) {
    return error
  }
}

/** Each makes the input of a size, and then the work on it. */
const works: { readonly [name: string]: (n: number) => () => unknown } = {
  'a number with zeros inside': (n) => read(payloadOf({ image: { n: { N: `1${'0'.repeat(n)}1` } } })),
  'a key of many zeros': (n) => read(payloadOf({ keys: { PK: { N: `1${'0'.repeat(n)}1` } } })),
  'a number of the schema with zeros': (n) =>
    read(payloadOf({ image: { type: { S: 'notification' }, sendAttempts: { N: `${'0'.repeat(n)}1` } } })),
  'as many keys as attributes': (n) =>
    read(payloadOf({ image: members(n, { S: 'x' }), keys: members(n, { S: 'x' }) })),
  'many attributes outside the schema': (n) => read(payloadOf({ image: members(n, { S: 'x' }) })),
  'many attributes in a map in the schema': (n) =>
    read(
      payloadOf({ image: { date: { M: { requested: { S: '2025-02-13' }, ...members(n, { N: '1' }) } } } }),
    ),
  'names that are alike after their repair': (n) =>
    read(
      Buffer.from(
        Buffer.from(payloadOf({ image: members(n, { S: 'x' }) }))
          .toString()
          .replace(
            /"a(\d+)"/g,
            (_, index) =>
              `"a${[...Number(index).toString(2).padStart(10, '0')].map((bit) => `\\ud8${bit}0`).join('')}"`,
          ),
      ),
    ),
  'a list of many items': (n) =>
    read(payloadOf({ image: { list: { L: many(n, () => ({ M: { a: { S: '' } } })) } } })),
  'a set of many items': (n) => read(payloadOf({ image: { set: { NS: many(n, String) } } })),
  'text that is no base64': (n) => read(payloadOf({ image: { b: { B: `${'='.repeat(n)}` } } })),
  'a text of a date': (n) =>
    read(
      payloadOf({ image: { date: { M: { requested: { S: `2025-02-13T00:00:00.${'0'.repeat(n)}x` } } } } }),
    ),
  'a text that a field is derived from': (n) =>
    read(payloadOf({ image: { systemUserId: { S: 'a-'.repeat(n) } } })),
  'an attribute of many tags': (n) => read(payloadOf({ image: { a: members(n, 'x') } })),
  'maps in maps beyond what DynamoDB nests': (n) =>
    read(
      Buffer.from(
        Buffer.from(payloadOf({ image: { a: { S: 'HERE' } } }))
          .toString()
          .replace('{"S":"HERE"}', `${'{"M":{"a":'.repeat(n)}{"S":"x"}${'}}'.repeat(n)}`),
      ),
    ),
  'entries of a map with attributes outside the schema': (n) => {
    const of = {
      M: Object.fromEntries(
        many(n / 8, (index) => [`${'k'.repeat(8)}${index}`, { M: members(8, { S: 'x' }) }]),
      ),
    }
    const payload = payloadOf({ image: { type: { S: 'places' }, id: { S: '1' }, of } })
    return () => readRow({ payload, sequence: '1' }, withPlaces)
  },
  'a batch of many records': (n) => {
    const records = many(n, (index) => ({
      payload: index % 2 ? payloadOf({}) : Buffer.from('{'),
      sequence: String(index),
    }))
    return () => planBatch({ stream: 's', shard: 'h', records }, { ...rules, codec: 'null' })
  },
  'an event of many records': (n) => {
    const event = kinesisEvent(many(n, () => payloadOf({})))
    return () => readChangeEvent(event)
  },
  'a header whose records double': (n) => tryTo(() => parseRecordType(doubling(n, false) as never, 'x')),
  'a header whose records double and are personal': (n) =>
    tryTo(() => parseRecordType(doubling(n, true) as never, 'x')),
  'a header of many fields': (n) => {
    const fields = many(n, (index) => ({ name: `f${index}`, type: 'string' }))
    return tryTo(() => parseRecordType({ type: 'record', name: 'top', fields } as never, 'x'))
  },
  'a header of lists in lists': (n) => {
    let type: unknown = 'string'
    for (let level = 0; level < n; level++) type = { type: 'array', items: type }
    return tryTo(() =>
      parseRecordType({ type: 'record', name: 'top', fields: [{ name: 'f', type }] } as never, 'x'),
    )
  },
  'a container of many rows': (n) => {
    const schema = { type: 'record', name: 'top', fields: [{ name: 'f', type: 'string' }] }
    const type = parseRecordType(schema, 'x')
    const spec = { schema, type, codec: 'null', metadata: new Map(), sync: new Uint8Array(16) } as const
    const bytes = containerOf(
      spec,
      many(n, () => ({ f: 'x' })),
    )
    return () => [...readContainer(bytes, 'x').rows()].length
  },
  'an error file of many events': (n) => {
    const events = many(n, () => Buffer.from(payloadOf({})).toString())
    const source = { stream: 's', shard: 'h', sequence: '1' }
    const error = { code: 'PUT_FAILED', message: 'm', stage: 'deliver' }
    const bytes = Buffer.from(JSON.stringify({ timestamp: 't', error, source, events, encoding: 'utf8' }))
    return () => parseErrorFile(bytes)
  },
  'an error beside its schema': (n) => {
    const events = [Buffer.from(payloadOf({ image: members(n, { S: 'x' }) })).toString()]
    const source = { stream: 's', shard: 'h', sequence: '1' }
    const error = { code: 'FIELD_MISSING', message: 'm', stage: 'validate', path: '/saleId' } as const
    return () =>
      explainRecord({ timestamp: 't', error, source, events, encoding: 'utf8', attempt: 0 }, catalog)
  },
  'a difference in a record of many attributes': (n) => {
    const image = members(n, { S: 'x' })
    const [before, after] = [payloadOf({ image }), payloadOf({ image: { ...image, z: { S: 'y' } } })]
    return () => diffPayloads(before, after, catalog)
  },
  'a difference far below': (n) => {
    const nest = (end: string) =>
      Buffer.from(
        Buffer.from(payloadOf({ image: { a: { S: 'HERE' } } }))
          .toString()
          .replace('{"S":"HERE"}', `${'{"M":{"a":'.repeat(n)}{"S":"${end}"}${'}}'.repeat(n)}`),
      )
    const [before, after] = [nest('x'), nest('y')]
    return () => diffPayloads(before, after, catalog)
  },
  'what records have in common': (n) => {
    const payloads = many(4, () => payloadOf({ image: members(n, { S: 'x' }) }))
    return () => frequenciesOf(payloads, catalog)
  },
}

test('the counter sees a search in a list for each of its items', () => {
  const list = (n: number) => many(n, String)
  const steps = (n: number) => countSteps(() => list(n).filter((item) => list(n).includes(`${item}x`)))
  expect(steps(400) / steps(200)).toBeGreaterThan(3.5)
})

test.each(Object.keys(works))('four times the input is about four times the work: %s', (name) => {
  const make = works[name] as (n: number) => () => unknown
  make(8)()
  const [small = 0, large = 0] = [128, 512].map((n) => countSteps(make(n)))
  // Code that V8 optimises meanwhile counts a little less; what is quadratic takes sixteen times the work.
  expect(large, `${small} steps before`).toBeLessThanOrEqual(6 * small + 8_000)
})

test('what would pass DynamoDB’s bounds is rejected with a code before there is work in it', () => {
  const code = (image: Object, own = rules) => {
    const row = readRow({ payload: payloadOf({ image }), sequence: '1' }, own)
    return row.ok ? 'ok' : row.rejection.code
  }
  expect(code({ n: { N: '9'.repeat(38) } })).toBe('ok')
  expect(code({ n: { N: `${'9'.repeat(38)}${'0'.repeat(88)}` } })).toBe('ok')
  expect(code({ n: { N: '9'.repeat(39) } })).toBe('ATTRIBUTE_MALFORMED')
  expect(code({ n: { N: `1${'0'.repeat(300)}` } })).toBe('ATTRIBUTE_MALFORMED')
  const of = { M: { ['k'.repeat(200_000)]: { M: members(100, { S: 'x' }) } } }
  expect(code({ type: { S: 'places' }, id: { S: '1' }, of }, withPlaces)).toBe('EXTRA_TOO_LARGE')
  for (const isPersonal of [true, false])
    expect(() => parseRecordType(doubling(40, isPersonal) as never, 'x')).toThrow(/10000 types at most/)
})
