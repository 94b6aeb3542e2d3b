import { describe, expect, it } from 'vitest'
import { codes } from '../../src/record/error.ts'
import { redactAll, redacted, scrub } from '../../src/record/rules.ts'
import { type Json, parseRecordType, type RecordValue, type Value } from '../../src/record/type.ts'

const text: Json = 'string'
const nullable = (type: Json): Json => ['null', type]
const list = (items: Json): Json => ({ type: 'array', items })
const map = (values: Json): Json => ({ type: 'map', values })
const record = (...fields: readonly Json[]): Json => ({ type: 'record', name: 'inner', fields })
const field = (name: string, type: Json, pii = false): Json => ({ name, type, ...(pii ? { pii } : {}) })
const of = (...fields: readonly Json[]) =>
  parseRecordType({ type: 'record', name: 'thing', fields }, 'thing.avsc')

describe('personal data', () => {
  it.each<[string, Json, Value, Value]>([
    ['a text is redacted', text, 'Ada', redacted],
    ['an empty text is redacted, because it was there', text, '', redacted],
    ['a nullable text is redacted', nullable(text), 'Ada', redacted],
    ['an absent text stays absent', nullable(text), null, null],
    ['a nullable number becomes absent', nullable('int'), 7, null],
    ['nullable bytes become absent', nullable('bytes'), Uint8Array.of(1), null],
    ['a list of texts keeps its length', list(text), ['Ada', ''], [redacted, redacted]],
    ['a list of numbers is emptied', list('int'), [1, 2], []],
    ['a list of lists of numbers keeps its outer length', list(list('int')), [[1], []], [[], []]],
    ['a list of nullable texts is emptied', list(nullable(text)), ['Ada', null], []],
    ['a map is emptied, because its names may be personal', map(text), new Map([['Ada', 'x']]), new Map()],
    [
      'a record of texts is redacted inside',
      record(field('a', text), field('b', nullable('int'))),
      { a: 'Ada', b: 7 },
      { a: redacted, b: null },
    ],
    ['a nullable record with a number becomes absent', nullable(record(field('a', 'int'))), { a: 7 }, null],
    ['a list of records with a number is emptied', list(record(field('a', 'int'))), [{ a: 7 }], []],
    [
      'a nullable record keeps its form where all of it can be redacted',
      nullable(record(field('a', text), field('m', map('int')))),
      { a: 'Ada', m: new Map([['Ada', 1]]) },
      { a: redacted, m: new Map() },
    ],
  ])('%s', (_, type, before, after) => {
    expect(scrub(of(field('x', type, true)), { x: before })).toEqual({ x: after })
  })

  it('is found inside records, lists and maps, and nothing beside it changes', () => {
    const inner = record(field('name', text, true), field('age', nullable('int')))
    const type = of(
      field('one', nullable(inner)),
      field('list', list('inner')),
      field('map', map(nullable('inner'))),
      field('public', text),
    )
    const person = { name: 'Ada', age: 36 }
    const scrubbed = { name: redacted, age: 36 }
    const row: RecordValue = {
      one: person,
      list: [person, person],
      map: new Map<string, Value>([
        ['k', person],
        ['n', null],
      ]),
      public: 'Ada',
    }
    expect(scrub(type, row)).toEqual({
      one: scrubbed,
      list: [scrubbed, scrubbed],
      map: new Map<string, Value>([
        ['k', scrubbed],
        ['n', null],
      ]),
      public: 'Ada',
    })
    expect(row.one).toEqual({ name: 'Ada', age: 36 })
  })

  it('leaves the pointers of extra attributes, but not the names in a personal map on the way', () => {
    const type = of(
      field('public', map(record(field('a', nullable('int'))))),
      field('private', nullable(map('inner')), true),
      field('list', list('inner')),
    )
    const extra = new Map(
      ['/notes', '/public/k/x', '/private/Ada/x', '/private/Bob/x', '/list/0/y', '/a~1b'].map((pointer) => [
        pointer,
        '"secret"',
      ]),
    )
    expect([...redactAll(extra, type)]).toEqual(
      ['/notes', '/public/k/x', '/private/*/x', '/list/0/y', '/a~1b'].map((pointer) => [pointer, redacted]),
    )
  })
})

describe('the table of codes', () => {
  it('says for every code of a record at which stage it comes up, and for no other', () => {
    for (const entry of Object.values(codes)) {
      expect('stage' in entry).toBe(entry.scope === 'record')
      expect(entry.meaning).toMatch(/\.$/)
      expect(entry.fix).toMatch(/\.$/)
    }
  })
})
