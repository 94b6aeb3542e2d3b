import { describe, expect, test } from 'vitest'
import { parsePatch } from '../../src/errors/edit.ts'

const record = {
  eventName: 'INSERT',
  dynamodb: {
    Keys: { PK: { S: 'FAN#1' }, SK: { S: 'DEMAND#e-1#s-"7"' } },
    NewImage: { fanId: { S: 'fan-1' }, eventId: { S: 'e-1' } },
  },
}
const payload = Buffer.from(JSON.stringify(record))
const addSale = (value: unknown) => [{ op: 'add', path: '/dynamodb/NewImage/saleId', value }]
const byKey = { from: '/dynamodb/Keys/SK/S', match: '^DEMAND#(?<event>[^#]+)#(?<sale>.+)$' }
const byFan = { from: '/dynamodb/NewImage/fanId/S', table: 'sales.csv', column: 'fan' }
const table = '\ufefffan,sale,note\r\nfan-0,s-0,\r\n\r\nfan-1,"s-1","a ""b"", c"\r\n'
const parse = (edit: unknown, csv = table) =>
  parsePatch(Buffer.from(JSON.stringify(edit)), 'fix.json', () => Buffer.from(csv))
const image = (edit: unknown, csv = table) => {
  const edited = parse(edit, csv).apply(payload)
  return edited.ok ? JSON.parse(Buffer.from(edited.payload).toString()).dynamodb.NewImage : edited.message
}

describe('an edit takes values from each record', () => {
  test('out of a text, by the named groups of a pattern', () => {
    expect(image({ values: [byKey], patch: addSale({ S: '${sale}' }) })).toEqual({
      ...record.dynamodb.NewImage,
      saleId: { S: 's-"7"' },
    })
    expect(
      image({ values: [byKey], patch: addSale({ M: { a: { S: '${event}/${sale}' } } }) }).saleId,
    ).toEqual({
      M: { a: { S: 'e-1/s-"7"' } },
    })
  })

  test('out of the row of a table that holds a text', () => {
    const { saleId } = image({ values: [byFan], patch: addSale({ L: [{ S: '${sale}' }, { S: '${note}' }] }) })
    expect(saleId).toEqual({ L: [{ S: 's-1' }, { S: 'a "b", c' }] })
  })

  test('and says where from, without a value', () => {
    const { summary } = parse(
      { values: [byKey, { ...byFan, table: 't' }], patch: addSale({ S: '${note}' }) },
      'fan,note\nx,y',
    )
    expect(summary).toStrictEqual({
      kind: 'patch',
      operations: [{ op: 'add', path: '/dynamodb/NewImage/saleId' }],
      values: [
        { from: '/dynamodb/Keys/SK/S', names: ['event', 'sale'] },
        { from: '/dynamodb/NewImage/fanId/S', names: ['note'] },
      ],
    })
  })

  test.each([
    ['no such place', { ...byKey, from: '/dynamodb/Keys/SORT/S' }, 'value 1: the record has no text there'],
    [
      'another form',
      { ...byKey, match: '^SALE#(?<sale>.+)' },
      'value 1: the text there does not match the pattern',
    ],
    [
      'a group left out',
      { ...byKey, match: '^DEMAND#(X(?<sale>.))?' },
      'value 1: the pattern leaves out sale',
    ],
    [
      'no row',
      { ...byFan, from: '/dynamodb/NewImage/eventId/S' },
      'value 1: the table has no row for the text there',
    ],
  ])('and leaves a record with %s as it is', (_, value, message) => {
    expect(image({ values: [value], patch: addSale({ S: '${sale}' }) })).toBe(message)
  })

  test.each([
    [{ values: [byKey] }, /"patch" of fix.json is no JSON Patch .*a list of operations/],
    [{ values: [], patch: addSale({}) }, /"values" has to be a list of 1 to 100/],
    [{ values: [byKey], patch: addSale({}), more: 1 }, /an object of "values" and "patch" alone/],
    [{ values: [{ match: 'x' }], patch: addSale({}) }, /value 1: "from" has to be a JSON Pointer/],
    [{ values: [{ from: '/a' }], patch: addSale({}) }, /value 1: give "match".* or "table" and "column"/],
    [
      { values: [{ from: '/a', match: '(' }], patch: addSale({}) },
      /value 1: "match" is no regular expression/,
    ],
    [{ values: [{ from: '/a', match: '(a)' }], patch: addSale({}) }, /value 1: "match" has no named group/],
    [{ values: [byKey, byKey], patch: addSale({}) }, /the value "event" is taken twice/],
    [{ values: [byKey], patch: addSale({ S: '${slae}' }) }, /operation 1, add .*: "values" takes no slae/],
    [{ values: [byKey], patch: addSale({ S: '…' }) }, /write the right value in the place of "…"/],
    [{ values: [{ ...byFan, column: 'id' }], patch: addSale({}) }, /the table has no column "id"/],
  ])('and is refused as %j', (edit, message) => {
    expect(() => parse(edit)).toThrow(message)
  })

  test.each([
    ['fan\nfan-1', /other columns need names/],
    ['fan,sale\nfan-1', /row 1 of the table has 1 cells/],
    ['fan,sale\nfan-1,a\nfan-1,b', /row 2 of the table has the fan of an earlier one/],
    ['fan,sale,sale\n', /a column twice/],
    ['fan,sale\nfan-1,a"b', /a quote stands where none may/],
    ['', /no column "fan"/],
  ])('and its table is refused as %j', (csv, message) => {
    expect(() => parse({ values: [byFan], patch: addSale({}) }, csv)).toThrow(message)
  })

  test('a plain JSON Patch takes none, so that ${…} in it is a text', () => {
    expect(image(addSale({ S: '${sale}' })).saleId).toEqual({ S: '${sale}' })
  })
})
