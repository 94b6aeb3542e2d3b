import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalKey } from '../../src/codec/attribute.ts'
import { decodeChange, type EnvelopeChange, writeEnvelope } from '../../src/codec/envelope.ts'
import { readRow } from '../../src/delivery/row.ts'
import type { Json, JsonObject } from '../../src/record/type.ts'
import { changedMs, items, type Parts, rules, toEnvelope, toImage, toRecord } from './example.ts'

const image = toImage(items.demand)
const envelope = (parts: Partial<Parts> = {}) => toEnvelope({ image, ...parts })
const decode = (value: Json) => decodeChange(Buffer.from(JSON.stringify(value), 'utf8'))
const without = (object: JsonObject, name: string): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([key]) => key !== name))
const rejected = (code: string, path?: string) => ({
  ok: false,
  rejection: { code, stage: 'decode', ...(path ? { path } : {}) },
})

describe('an envelope', () => {
  it('gives its change', () => {
    expect(decode(envelope({ operation: 'MODIFY', before: { a: { S: 'old' } } }))).toEqual({
      ok: true,
      change: {
        table: 'tickets',
        id: 'change-1',
        operation: 'MODIFY',
        micros: changedMs * 1000,
        key: '{"pk":{"S":"item-1"}}',
        keyNames: ['pk'],
        image,
        before: { a: { S: 'old' } },
      },
    })
  })

  it.each<[string, Json, string, string | undefined]>([
    ['null', null, 'NOT_A_CHANGE', undefined],
    ['a list', [], 'NOT_A_CHANGE', undefined],
    ['a text', 'x', 'NOT_A_CHANGE', undefined],
    ['nothing in it', {}, 'NOT_A_CHANGE', '/dynamodb'],
    ['no section', envelope({ more: { dynamodb: null } }), 'NOT_A_CHANGE', '/dynamodb'],
    ['a list for a section', envelope({ more: { dynamodb: [] } }), 'NOT_A_CHANGE', '/dynamodb'],
    ['no eventID', envelope({ more: { eventID: null } }), 'NOT_A_CHANGE', '/eventID'],
    ['an empty eventID', envelope({ more: { eventID: '' } }), 'NOT_A_CHANGE', '/eventID'],
    ['no eventName', without(envelope(), 'eventName'), 'OPERATION_UNKNOWN', '/eventName'],
    ['a lower-case eventName', envelope({ operation: 'insert' }), 'OPERATION_UNKNOWN', '/eventName'],
    ['an operation of ours', envelope({ operation: 'SNAPSHOT' }), 'OPERATION_UNKNOWN', '/eventName'],
    ['an inherited eventName', envelope({ operation: 'constructor' }), 'OPERATION_UNKNOWN', '/eventName'],
    ['no Keys', envelope({ section: { Keys: null } }), 'KEYS_INVALID', '/dynamodb/Keys'],
    ['empty Keys', envelope({ section: { Keys: {} } }), 'KEYS_INVALID', '/dynamodb/Keys'],
    ['a list as Keys', envelope({ section: { Keys: [] } }), 'KEYS_INVALID', '/dynamodb/Keys'],
    [
      'a key of BOOL',
      envelope({ section: { Keys: { a: { BOOL: true } } } }),
      'KEYS_INVALID',
      '/dynamodb/Keys',
    ],
    ['a key of M', envelope({ section: { Keys: { a: { M: {} } } } }), 'KEYS_INVALID', '/dynamodb/Keys'],
    ['a bare key', envelope({ section: { Keys: { a: 'x' } } }), 'KEYS_INVALID', '/dynamodb/Keys'],
    [
      'a key of two tags',
      envelope({ section: { Keys: { a: { S: 'x', N: '1' } } } }),
      'KEYS_INVALID',
      undefined,
    ],
    ['a number as key text', envelope({ section: { Keys: { a: { N: 1 } } } }), 'KEYS_INVALID', undefined],
    ['an empty key text', envelope({ section: { Keys: { a: { S: '' } } } }), 'KEYS_INVALID', undefined],
    [
      'a key that is no number',
      envelope({ section: { Keys: { a: { N: 'x' } } } }),
      'KEYS_INVALID',
      undefined,
    ],
    [
      'a key that is no base64',
      envelope({ section: { Keys: { a: { B: '*' } } } }),
      'KEYS_INVALID',
      undefined,
    ],
    ['no NewImage', envelope({ section: { NewImage: null } }), 'IMAGE_MISSING', '/dynamodb/NewImage'],
    [
      'only an OldImage for a MODIFY',
      envelope({ operation: 'MODIFY', section: { NewImage: null, OldImage: {} } }),
      'IMAGE_MISSING',
      '/dynamodb/NewImage',
    ],
    [
      'only a NewImage for a REMOVE',
      envelope({ operation: 'REMOVE', section: { OldImage: null, NewImage: {} } }),
      'IMAGE_MISSING',
      '/dynamodb/OldImage',
    ],
    [
      'an image that is a list',
      envelope({ section: { NewImage: [] } }),
      'IMAGE_MISSING',
      '/dynamodb/NewImage',
    ],
  ])('with %s is rejected', (_, value, code, path) => {
    expect(decode(value)).toMatchObject(rejected(code, path))
  })

  it.each<[string, readonly number[], string]>([
    ['a lone continuation byte', [0x80], 'NOT_UTF8'],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22], 'NOT_UTF8'],
    ['a surrogate in UTF-8', [0x22, 0xed, 0xa0, 0x80, 0x22], 'NOT_UTF8'],
    ['a code point beyond Unicode', [0xf5, 0x80, 0x80, 0x80], 'NOT_UTF8'],
    ['a character cut off', [0x22, 0xe2, 0x82], 'NOT_UTF8'],
    ['UTF-16', [0x7b, 0x00, 0x7d, 0x00], 'NOT_JSON'],
    ['nothing', [], 'NOT_JSON'],
    ['a byte-order mark', [0xef, 0xbb, 0xbf, 0x7b, 0x7d], 'NOT_JSON'],
    ['a JSON text cut off', [0x7b, 0x22, 0x61], 'NOT_JSON'],
  ])('is not read out of %s', (_, bytes, code) => {
    expect(decodeChange(Uint8Array.from(bytes))).toMatchObject(rejected(code))
  })

  it('may be nested half a million deep without harm, and no record of more than 10 MiB is read', () => {
    const deep = (open: string, close: string) => open.repeat(500_000) + close.repeat(500_000)
    expect(decodeChange(Buffer.from(deep('[', ']')))).toMatchObject(rejected('NOT_A_CHANGE'))
    const text = JSON.stringify(envelope({ image: { ...image, deep: { S: 'HERE' } } }))
    const payload = Buffer.from(
      text.replace('{"S":"HERE"}', deep('{"M":{"a":', '}}').replace(':}', ':{"S":"x"}}')),
    )
    expect(readRow({ payload, sequence: '1' }, rules)).toMatchObject({
      ok: false,
      rejection: { code: 'ATTRIBUTE_MALFORMED', path: '/*' },
    })
    expect(decodeChange(Buffer.alloc(10 * 1024 * 1024, '1'))).toMatchObject(rejected('NOT_A_CHANGE'))
    expect(decodeChange(Buffer.alloc(10 * 1024 * 1024 + 1, '1'))).toMatchObject(rejected('RECORD_TOO_LARGE'))
  })

  it('tells its time and id even when it is rejected for something else', () => {
    expect(decode(envelope({ operation: 'x' }))).toMatchObject({ micros: changedMs * 1000, id: 'change-1' })
    expect(decode(envelope({ more: { eventID: 5 } }))).toMatchObject({ micros: changedMs * 1000 })
    expect(decode(envelope({ more: { dynamodb: 5 } }))).toMatchObject({ id: 'change-1' })
  })
})

describe('the time of a change', () => {
  const at = (value: Json, precision?: Json) =>
    decode(
      envelope({
        section: {
          ApproximateCreationDateTime: value,
          ...(precision === undefined ? {} : { ApproximateCreationDateTimePrecision: precision }),
        },
      }),
    )

  it.each<[Json, Json | undefined, number]>([
    [1_739_471_400_000, undefined, 1_739_471_400_000_000],
    [1_739_471_400_000, null, 1_739_471_400_000_000],
    [1_739_471_400_000, 'MILLISECOND', 1_739_471_400_000_000],
    [1_739_471_400_000_123, 'MICROSECOND', 1_739_471_400_000_123],
    [1_000_000_000_000, 'MILLISECOND', 1_000_000_000_000_000],
  ])('%j in %s is %d microseconds', (value, precision, micros) => {
    expect(at(value, precision)).toMatchObject({ ok: true, change: { micros } })
  })

  it.each<[string, Json, Json | undefined]>([
    ['seconds', 1_739_471_400, undefined],
    ['seconds with a fraction', 1_739_471_400.5, undefined],
    ['microseconds without a precision', 1_739_471_400_000_123, undefined],
    ['microseconds as milliseconds', 1_739_471_400_000_123, 'MILLISECOND'],
    ['milliseconds as microseconds', 1_739_471_400_000, 'MICROSECOND'],
    ['nanoseconds', 1_739_471_400_000_123_000, 'MICROSECOND'],
    ['a fraction of a millisecond', 1_739_471_400_000.5, undefined],
    ['a negative time', -1_739_471_400_00, undefined],
    ['zero', 0, undefined],
    ['text', '1739471400000', undefined],
    ['a date', '2025-02-13T18:30:00Z', undefined],
    ['a time beyond exact microseconds', 9_999_999_999_999, undefined],
    ['an object', {}, undefined],
  ])('is never guessed from %s', (_, value, precision) => {
    expect(at(value, precision)).toMatchObject(
      rejected('TIME_INVALID', '/dynamodb/ApproximateCreationDateTime'),
    )
  })

  it.each<Json>(['SECOND', 'millisecond', 'constructor', 3, {}])('has no precision %j', (precision) => {
    expect(at(1_739_471_400_000, precision)).toMatchObject(
      rejected('TIME_INVALID', '/dynamodb/ApproximateCreationDateTimePrecision'),
    )
  })

  it.each([undefined, null])('is the arrival where the envelope has %s', (value) => {
    const parts = envelope({ section: value === null ? { ApproximateCreationDateTime: null } : {} })
    const section = without(parts.dynamodb as JsonObject, 'ApproximateCreationDateTime')
    const record = toRecord(value === null ? parts : { ...parts, dynamodb: section }, {
      arrivedMs: changedMs + 5,
    })
    expect(readRow(record, rules)).toMatchObject({
      ok: true,
      changedMs: changedMs + 5,
      row: { change: { timestamp: changedMs + 5, micros: (changedMs + 5) * 1000 } },
    })
  })

  it('makes the record an error where neither envelope nor stream has one', () => {
    const record = toRecord(envelope({ section: { ApproximateCreationDateTime: null } }))
    expect(readRow(record, rules)).toMatchObject(rejected('TIME_MISSING'))
  })
})

describe('the key of an item', () => {
  const key = (keys: JsonObject) => {
    const decoded = decode(envelope({ section: { Keys: keys } }))
    return decoded.ok ? decoded.change.key : decoded.rejection.code
  }

  it('is canonical: names sorted by code unit, no spaces, whatever order they came in', () => {
    const canonical = '{"B":{"N":"7"},"a":{"S":"x y"},"é":{"B":"AQI="}}'
    expect(key({ é: { B: 'AQI=' }, a: { S: 'x y' }, B: { N: '7' } })).toBe(canonical)
    expect(key({ B: { N: '7' }, a: { S: 'x y' }, é: { B: 'AQI=' } })).toBe(canonical)
  })

  it('may have a name that objects inherit', () => {
    const keys: JsonObject = JSON.parse('{"__proto__":{"S":"1"},"constructor":{"S":"2"}}')
    expect(key(keys)).toBe('{"__proto__":{"S":"1"},"constructor":{"S":"2"}}')
  })
})

describe('who made a change', () => {
  it.each<[Json, string | null]>([
    [{ type: 'Service', principalId: 'dynamodb.amazonaws.com' }, 'ttl'],
    [{ principalId: 'dynamodb.amazonaws.com' }, 'ttl'],
    [{ type: 'Service', principalId: 'someone.else' }, null],
    [{}, null],
    ['dynamodb.amazonaws.com', null],
    [null, null],
  ])('%j is %s', (userIdentity, actor) => {
    const record = toRecord(envelope({ operation: 'REMOVE', more: { userIdentity } }))
    expect(readRow(record, rules)).toMatchObject({ ok: true, row: { isDeleted: true, change: { actor } } })
  })
})

describe('an envelope that is written', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  const keys = fc.dictionary(text, fc.record({ S: text }), { minKeys: 1, maxKeys: 2, noNullPrototype: true })
  const image = fc.dictionary(text, fc.record({ S: text }), { maxKeys: 4, noNullPrototype: true })
  const change = fc.record({
    id: text,
    operation: fc.constantFrom('INSERT', 'MODIFY', 'REMOVE'),
    micros: fc.integer({ min: Date.UTC(2002, 0) * 1000, max: Date.UTC(2200, 0) * 1000 }),
    ...{ keys, before: image, after: image, isExpiry: fc.boolean() },
  })

  it('is read back, whatever its names and values', () => {
    fc.assert(
      fc.property(change, text, text, (made, tableName, region) => {
        const { id, operation, micros, keys, before, after, isExpiry } = made
        const written: EnvelopeChange = {
          ...{ id, operation, micros, isExpiry, sizeBytes: 1 },
          keys: JSON.stringify(keys).slice(1, -1),
          ...(operation === 'INSERT' ? {} : { before: JSON.stringify(before) }),
          ...(operation === 'REMOVE' ? {} : { after: JSON.stringify(after) }),
        }
        expect(decodeChange(Buffer.from(writeEnvelope(written, { tableName, region })))).toEqual({
          ok: true,
          change: {
            ...{ id, table: tableName, operation, micros },
            ...{ key: canonicalKey(keys), keyNames: Object.keys(keys) },
            image: operation === 'REMOVE' ? before : after,
            ...(operation === 'MODIFY' ? { before } : {}),
            ...(isExpiry ? { actor: 'ttl' } : {}),
          },
        })
      }),
    )
  })

  it('has its members in the order of the service', () => {
    const written = writeEnvelope(
      {
        ...{ id: 'e', operation: 'MODIFY', micros: 1_739_471_400_250_123, isExpiry: false, sizeBytes: 7 },
        ...{ keys: '"pk":{"S":"1"}', before: '{"pk":{"S":"1"}}', after: '{"pk":{"S":"1"},"a":{"S":"2"}}' },
      },
      { tableName: 'fans', region: 'eu-west-1' },
    )
    expect(written).toBe(
      '{"awsRegion":"eu-west-1","eventID":"e","eventName":"MODIFY","userIdentity":null,"recordFormat":"application/json",' +
        '"tableName":"fans","dynamodb":{"ApproximateCreationDateTime":1739471400250123,' +
        '"ApproximateCreationDateTimePrecision":"MICROSECOND","Keys":{"pk":{"S":"1"}},' +
        '"NewImage":{"pk":{"S":"1"},"a":{"S":"2"}},"OldImage":{"pk":{"S":"1"}},"SizeBytes":7},"eventSource":"aws:dynamodb"}',
    )
  })
})
