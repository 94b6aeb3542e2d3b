import { describe, expect, it } from 'vitest'
import { readImage } from '../../src/codec/image.ts'
import type { Json, JsonObject, Value } from '../../src/record/type.ts'
import { catalog, inner, instant, items, readField, readFields, toImage } from './example.ts'

const tagged: { readonly [tag: string]: Json } = {
  S: { S: 'text' },
  N: { N: '7' },
  B: { B: 'AQI=' },
  BOOL: { BOOL: true },
  M: { M: { needed: { S: 'x' } } },
  L: { L: [] },
  SS: { SS: ['a'] },
  NS: { NS: ['1'] },
  BS: { BS: ['AQI='] },
}
const accepted: readonly [string, Json, readonly string[]][] = [
  ['string', 'string', ['S']],
  ['boolean', 'boolean', ['BOOL']],
  ['int', 'int', ['N']],
  ['long', 'long', ['N']],
  ['float', 'float', ['N']],
  ['double', 'double', ['N']],
  ['bytes', 'bytes', ['B']],
  ['instant', instant, ['S', 'N']],
  ['date', { type: 'int', logicalType: 'date' }, ['S']],
  ['enum', { type: 'enum', name: 'e', symbols: ['text'] }, ['S']],
  ['record', inner, ['M']],
  ['map', { type: 'map', values: 'string' }, ['M']],
  ['array', { type: 'array', items: 'string' }, ['L', 'SS']],
  ['array of long', { type: 'array', items: 'long' }, ['L', 'NS']],
  ['array of bytes', { type: 'array', items: 'bytes' }, ['L', 'BS']],
]

describe('the type of a field', () => {
  const pairs = accepted.flatMap(([name, type, tags]) =>
    Object.entries(tagged).map(([tag, attribute]) => ({
      name,
      tag,
      type,
      attribute,
      fits: tags.includes(tag),
    })),
  )

  it.each(pairs.filter(({ fits }) => !fits))('$name is never made of $tag', ({ type, attribute }) => {
    expect(readField(type, attribute)).toMatch(/^FIELD_TYPE \/v(?:\/0)?$/)
  })
})

describe('a required field', () => {
  it.each<[string, Json | undefined, string]>([
    ['absent', undefined, 'FIELD_MISSING /v'],
    ['NULL', { NULL: true }, 'FIELD_MISSING /v'],
    ['empty', { S: '' }, 'FIELD_EMPTY /v'],
    ['a space', { S: ' ' }, ' '],
  ])('that is %s', (_, attribute, expected) => {
    const read = readFields('string', attribute === undefined ? {} : { v: attribute })
    expect(read.ok ? read.record.v : `${read.rejection.code} ${read.rejection.path}`).toBe(expected)
  })

  it('is asked for by name inside records, lists and maps, whose own names are never told', () => {
    expect(readField(inner, { M: {} })).toBe('FIELD_MISSING /v/needed')
    expect(readField({ type: 'array', items: inner }, { L: [tagged.M ?? null, { M: {} }] })).toBe(
      'FIELD_MISSING /v/1/needed',
    )
    expect(readField({ type: 'map', values: inner }, { M: { secret: { M: {} } } })).toBe(
      'FIELD_MISSING /v/*/needed',
    )
  })

  it.each(Object.entries(items))('of a %s stops it, and every other may be absent', (type, item) => {
    const schema = catalog.get(type)
    for (const field of schema!.own.fields) {
      if (field.derive || field.name === 'type') continue
      const { [field.name]: _, ...rest } = toImage(item)
      const read = readImage(rest, catalog, [], () => false)
      expect(read.ok).toBe(field.hasDefault)
      const nulled = readImage({ ...rest, [field.name]: { NULL: true } }, catalog, [], () => false)
      expect(nulled.ok).toBe(field.hasDefault)
      if (read.ok && nulled.ok) expect(nulled.record).toEqual(read.record)
    }
  })
})

describe('an absent value', () => {
  it('is null, an empty list or an empty map', () => {
    expect(readField(['null', 'string'], { NULL: true }, { default: null })).toBeNull()
    expect(readField({ type: 'array', items: 'string' }, { NULL: true }, { default: [] })).toEqual([])
    expect(readField({ type: 'map', values: 'string' }, { NULL: true }, { default: {} })).toEqual(new Map())
  })

  it('is no item of a list, and the paths of the other items count it', () => {
    const list: Json = { L: [{ NULL: true }, { S: 'a' }, { NULL: true }] }
    expect(readField({ type: 'array', items: ['null', 'string'] }, list)).toEqual(['a'])
    expect(readField({ type: 'array', items: 'string' }, list)).toEqual(['a'])
    expect(readField({ type: 'array', items: 'string' }, { L: [{ NULL: true }, { N: '1' }] })).toBe(
      'FIELD_TYPE /v/1',
    )
  })

  it('is no entry of a map', () => {
    expect(readField({ type: 'map', values: 'string' }, { M: { a: { S: 'x' }, b: { NULL: true } } })).toEqual(
      new Map([['a', 'x']]),
    )
  })

  it('may be an empty text where it is not required', () => {
    expect(readField(['null', 'string'], { S: '' }, { default: null })).toBe('')
  })
})

describe('a number', () => {
  it.each<[string, string, Value]>([
    ['int', '2147483647', 2_147_483_647],
    ['int', '-2147483648', -2_147_483_648],
    ['int', '2147483648', 'NUMBER_INEXACT /v'],
    ['int', '-2147483649', 'NUMBER_INEXACT /v'],
    ['int', '1.5', 'NUMBER_INEXACT /v'],
    ['int', '1E+2', 100],
    ['int', '-0', 0],
    ['long', '9007199254740991', 9_007_199_254_740_991],
    ['long', '9007199254740992', 9_007_199_254_740_992n],
    ['long', '9007199254740993', 9_007_199_254_740_993n],
    ['long', '9223372036854775807', 9_223_372_036_854_775_807n],
    ['long', '9223372036854775808', 'NUMBER_INEXACT /v'],
    ['long', '-9223372036854775808', -9_223_372_036_854_775_808n],
    ['long', '-9223372036854775809', 'NUMBER_INEXACT /v'],
    ['long', '0.1', 'NUMBER_INEXACT /v'],
    ['double', '0.1', 0.1],
    ['double', '1E+125', 1e125],
    ['double', '1e-400', 0],
    ['double', '1e400', 'NUMBER_INEXACT /v'],
    ['double', '123456789012345678901234567890', 1.2345678901234568e29],
    ['float', '0.1', Math.fround(0.1)],
    ['float', '3.5e38', 'NUMBER_INEXACT /v'],
  ])('of type %s and text %s is %s', (type, text, expected) => {
    expect(readField(type, { N: text })).toEqual(expected)
  })
})

describe('a date', () => {
  it.each<[Json, Value]>([
    [{ S: '2025-02-13T18:30:00+02:00' }, Date.UTC(2025, 1, 13, 16, 30)],
    [{ N: '1739471400' }, 1_739_471_400_000],
    [{ N: '1739471400000' }, 1_739_471_400_000],
    [{ N: '17394714' }, 'DATE_INVALID /v'],
    [{ S: '1739471400' }, 'DATE_INVALID /v'],
    [{ S: '2025-02-30' }, 'DATE_INVALID /v'],
    [{ S: '' }, 'DATE_INVALID /v'],
  ])('%j is %s', (attribute, expected) => {
    expect(readField(instant, attribute)).toBe(expected)
  })

  it('names its path, nested as it may be', () => {
    const image = toImage({ ...items.event, eventDate: { start: { localDate: '2025-02-30' } } })
    expect(readImage(image, catalog, [], () => false)).toMatchObject({
      rejection: { code: 'DATE_INVALID', path: '/eventDate/start/localDate' },
    })
  })
})

describe('an enum', () => {
  it('takes its symbols and nothing else', () => {
    const type: Json = { type: 'enum', name: 'e', symbols: ['RED'] }
    expect(readField(type, { S: 'RED' })).toBe('RED')
    expect(readField(type, { S: 'red' })).toBe('SYMBOL_UNKNOWN /v')
    expect(readField(type, { S: 'constructor' })).toBe('SYMBOL_UNKNOWN /v')
  })
})

describe('the record type', () => {
  it.each<[string, JsonObject]>([
    ['absent', {}],
    ['unknown', { type: { S: 'Demand' } }],
    ['inherited', { type: { S: 'constructor' } }],
    ['no text', { type: { N: '1' } }],
    ['bare', { type: 'demand' }],
    ['NULL', { type: { NULL: true } }],
  ])('that is %s is an error that lists the known ones', (_, type) => {
    const { type: __, ...image } = toImage(items.demand)
    expect(readImage({ ...image, ...type }, catalog, [], () => false)).toEqual({
      ok: false,
      rejection: {
        code: 'TYPE_UNKNOWN',
        stage: 'validate',
        message: 'invalid record type: the attribute "type" is none of demand, event, notification, sale',
        path: '/type',
      },
    })
  })

  it('may not have two tags, even if one of them names it', () => {
    const image = { ...toImage(items.demand), type: { S: 'demand', N: '1' } }
    expect(readImage(image, catalog, [], () => false)).toMatchObject({
      rejection: { code: 'ATTRIBUTE_MALFORMED', path: '/type' },
    })
  })
})
