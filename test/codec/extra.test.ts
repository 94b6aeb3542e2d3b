import { describe, expect, it } from 'vitest'
import { type ReadImage, readImage } from '../../src/codec/image.ts'
import type { Json, JsonObject } from '../../src/record/type.ts'
import { catalog, inner, items, readField, readFields, rules, toImage } from './example.ts'

const readValid = (image: JsonObject, keyNames: readonly string[] = []): ReadImage => {
  const read = readImage(image, catalog, keyNames, rules.isKeyAttribute)
  if (!read.ok) throw new Error(`${read.rejection.code} ${read.rejection.message}`)
  return read
}

describe('an attribute that the schema does not model', () => {
  const extraOf = (image: JsonObject, keyNames: readonly string[] = []) =>
    Object.fromEntries(readValid({ ...toImage(items.event), ...image }, keyNames).extra)

  it.each<[string, Json, string]>([
    ['text', { S: 'a "b"\n' }, '"a \\"b\\"\\n"'],
    ['an empty text', { S: '' }, '""'],
    ['1.10', { N: '1.10' }, '1.10'],
    ['38 digits', { N: '12345678901234567890123456789012345678' }, '12345678901234567890123456789012345678'],
    ['1E+5', { N: '1E+5' }, '1E+5'],
    ['a flag', { BOOL: false }, 'false'],
    ['bytes', { B: 'AQI=' }, '"AQI="'],
    ['a list', { L: [{ N: '1.0' }, { NULL: true }, { L: [] }] }, '[1.0,null,[]]'],
    ['a map', { M: { b: { S: 'x' }, a: { M: {} } } }, '{"b":"x","a":{}}'],
    ['a set of texts', { SS: ['b', 'a'] }, '["b","a"]'],
    ['a set of numbers', { NS: ['1.10', '-0'] }, '[1.10,-0]'],
    ['a set of bytes', { BS: ['AQI='] }, '["AQI="]'],
  ])('is kept as JSON: %s', (_, attribute, text) => {
    expect(extraOf({ notes: attribute })).toEqual({ '/notes': text })
  })

  it('is absent where it is NULL', () => {
    expect(extraOf({ notes: { NULL: true } })).toEqual({})
  })

  it('stands under its JSON Pointer, with the escapes of RFC 6901', () => {
    expect(
      extraOf({ 'a/b': { S: '1' }, 'm~n': { S: '2' }, '🎟️': { S: '3' }, '~1': { S: '4' }, '': { S: '5' } }),
    ).toEqual({
      '/a~1b': '"1"',
      '/m~0n': '"2"',
      '/🎟️': '"3"',
      '/~01': '"4"',
      '/': '"5"',
    })
  })

  it('is found wherever a record is: in records, lists and maps', () => {
    const event = toImage({
      ...items.event,
      eventDate: { start: { tba: true }, tbd: false },
      venues: [{ id: 'v1' }, { id: 'v2', dma: [{ id: 7 }] }],
    })
    expect(Object.fromEntries(readValid(event).extra)).toEqual({
      '/eventDate/start/tba': 'true',
      '/eventDate/tbd': 'false',
      '/venues/1/dma': '[{"id":7}]',
    })
    const map = readFields(
      { type: 'map', values: inner },
      {
        v: {
          M: {
            'k/1': { M: { needed: { S: 'x' }, more: { N: '1' } } },
            k2: { M: { needed: { S: 'x' }, more: { N: '2' } } },
          },
        },
      },
    )
    expect(map.ok && [...map.extra]).toEqual([
      ['/v/k~11/more', '1'],
      ['/v/k2/more', '2'],
    ])
  })

  it('may carry the name of a field that the pipeline adds, or of one that objects inherit', () => {
    const names = [
      'isDeleted',
      'reference',
      'system',
      'change',
      'extra',
      'partition_date',
      'Type',
      'toString',
    ]
    const image = Object.fromEntries(names.map((name) => [name, { S: name }]))
    const hostile: JsonObject = JSON.parse(
      '{"__proto__":{"S":"p"},"constructor":{"M":{"__proto__":{"N":"1"}}}}',
    )
    expect(extraOf({ ...image, ...hostile })).toEqual({
      ...Object.fromEntries(names.map((name) => [`/${name}`, `"${name}"`])),
      '/__proto__': '"p"',
      '/constructor': '{"__proto__":1}',
    })
    const demand = readValid({ ...toImage(items.demand), system: { S: 'mine' } })
    expect(demand.extra).toEqual(new Map([['/system', '"mine"']]))
  })

  it('is no data where it is a key of the item or of an index', () => {
    const keys = { pk: { S: 'p' }, sk: { S: 's' }, gsi1pk: { S: 'g' }, custom: { S: 'k' } }
    expect(extraOf(keys, ['custom'])).toEqual({})
    expect(extraOf(keys)).toEqual({ '/custom': '"k"' })
    expect(extraOf({ promoter: { M: { pk: { S: 'nested' } } } })).toEqual({ '/promoter/pk': '"nested"' })
  })

  it('stays a field where a key has the name of a modelled attribute', () => {
    const read = readValid(toImage(items.demand), ['fanId'])
    expect(read.record.fanId).toBe('fan-1')
  })

  it('may be nested as deep as DynamoDB allows, and no deeper', () => {
    const deep = (levels: number): Json =>
      Array.from({ length: levels }).reduce<Json>((item) => ({ L: [item] }), { S: 'x' })
    expect(extraOf({ deep: deep(31) })).toHaveProperty(['/deep'])
    expect(readImage({ ...toImage(items.event), deep: deep(40) }, catalog, [], () => false)).toMatchObject({
      rejection: { code: 'ATTRIBUTE_MALFORMED', path: '/*' },
    })
  })
})

describe('text that is no well-formed Unicode', () => {
  it('arrives repaired, and is counted', () => {
    const read = readValid({
      ...toImage(items.demand),
      artistName: { S: 'a\ud800b' },
      '\udc00name': { S: '\ud83c' },
    })
    expect(read.record.artistName).toBe('a\ufffdb')
    expect(read.extra).toEqual(new Map([['/\ufffdname', '"\ufffd"']]))
    expect(read.repairedTexts).toBe(3)
  })

  it('loses nothing where two names are one after their repair', () => {
    const twins = { '\ud800': { S: '1' }, '\ud801': { S: '2' } }
    expect(readValid({ ...toImage(items.event), ...twins }).extra).toEqual(
      new Map([
        ['/\ufffd', '"1"'],
        ['/\ufffd\ufffd', '"2"'],
      ]),
    )
    expect(readField({ type: 'map', values: 'string' }, { M: twins })).toEqual(
      new Map([
        ['\ufffd', '1'],
        ['\ufffd\ufffd', '2'],
      ]),
    )
  })

  it('takes no longer for many names that are one after their repair, and keeps them all', () => {
    // Two high surrogates each, which is no pair.
    const names = Array.from({ length: 20_000 }, (_, n) =>
      String.fromCharCode(0xd800 + (n >> 10), 0xd800 + (n & 1023)),
    )
    const many = Object.fromEntries(names.map((name) => [name, { S: '' }]))
    const free = ['\ufffd\ufffd', '\ufffd\ufffd\ufffd', '\ufffd\ufffd\ufffd\ufffd']
    const { extra } = readValid({ ...toImage(items.event), ...many })
    expect([...extra.keys()].slice(0, 3)).toEqual(free.map((name) => `/${name}`))
    expect(extra.size).toBe(names.length)
    const map = readField({ type: 'map', values: 'string' }, { M: many }) as ReadonlyMap<string, string>
    expect([...map.keys()].slice(0, 3)).toEqual(free)
    expect(map.size).toBe(names.length)
    // What is written stays of the size of what came.
    expect([...map.keys()].join('').length).toBeLessThan(20 * names.length)
  })

  it('gives no name that is taken, whatever names come beside', () => {
    const alike = Array.from({ length: 40 }, (_, n) => `a${String.fromCharCode(0xd800 + n)}`)
    const taken = Array.from({ length: 60 }, (_, n) => [`a\ufffd\ufffd${n}`, `a${'\ufffd'.repeat(n)}`]).flat()
    for (const names of [
      [...alike, ...taken],
      [...taken, ...alike],
    ]) {
      const map = readField(
        { type: 'map', values: 'string' },
        { M: Object.fromEntries(names.map((name, n) => [name, { S: `${n}` }])) },
      ) as ReadonlyMap<string, string>
      expect([...map.values()]).toEqual(names.map((_, n) => `${n}`))
    }
  })
})
