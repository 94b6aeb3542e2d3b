import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Item, Table } from '../../src/local/table.ts'

export type OpenTable = { readonly table: Table; readonly close: () => Promise<void> }

const key = { PK: 'FAN#f1', SK: 'DEMAND#e1#s1' }
const keyOnly = { PK: { S: key.PK }, SK: { S: key.SK } }

function item(more: Item = {}): Item {
  return { ...keyOnly, type: { S: 'demand' }, ...more }
}

/** What every Table promises. `open` gives each test an empty table of its own. */
export function tableContract(name: string, open: () => Promise<OpenTable>): void {
  describe(`${name} keeps the table's contract`, () => {
    let opened: OpenTable
    let table: Table

    beforeEach(async () => {
      opened = await open()
      table = opened.table
    })
    afterEach(() => opened.close())

    test('what was put is got, whatever its attributes are', async () => {
      const whole = item({
        text: { S: 'Æ "quoted" \\ \n 😀' },
        empty: { S: '' },
        number: { N: '12345678901234567890.123' },
        flag: { BOOL: false },
        nothing: { NULL: true },
        bytes: { B: 'AAEC' },
        list: { L: [{ S: 'a' }, { N: '1' }, { L: [] }] },
        map: { M: { inner: { M: { deep: { BOOL: true } } }, 'a.b/c': { S: 'x' } } },
      })
      expect(await table.put(whole)).toEqual({ outcome: 'done' })
      expect(await table.get(key)).toEqual(whole)
    })

    test('a set keeps its members', async () => {
      await table.put(item({ texts: { SS: ['b', 'a'] }, numbers: { NS: ['2', '1'] } }))
      const got = (await table.get(key)) as { texts: { SS: string[] }; numbers: { NS: string[] } }
      expect([...got.texts.SS].sort()).toEqual(['a', 'b'])
      expect([...got.numbers.NS].sort()).toEqual(['1', '2'])
    })

    test('a key without an item gives none, and deleting it is done already', async () => {
      expect(await table.get(key)).toBeUndefined()
      expect(await table.delete(key)).toEqual({ outcome: 'done' })
    })

    test('both parts of the key count', async () => {
      await table.put(item())
      expect(await table.get({ ...key, SK: 'DEMAND#e1#s2' })).toBeUndefined()
      expect(await table.get({ ...key, PK: 'FAN#f2' })).toBeUndefined()
    })

    test('a put replaces the whole item and tells what was there', async () => {
      await table.put(item({ a: { S: '1' } }))
      expect(await table.put(item({ b: { S: '2' } }))).toEqual({
        outcome: 'done',
        before: item({ a: { S: '1' } }),
      })
      expect(await table.get(key)).toEqual(item({ b: { S: '2' } }))
    })

    test('a delete tells what was there', async () => {
      await table.put(item({ a: { S: '1' } }))
      expect(await table.delete(key)).toEqual({ outcome: 'done', before: item({ a: { S: '1' } }) })
      expect(await table.get(key)).toBeUndefined()
    })

    test('put if absent happens once', async () => {
      expect(await table.put(item({ a: { S: '1' } }), { ifAbsent: true })).toEqual({ outcome: 'done' })
      expect(await table.put(item({ a: { S: '2' } }), { ifAbsent: true })).toEqual({
        outcome: 'unmet',
        current: item({ a: { S: '1' } }),
      })
      expect(await table.get(key)).toEqual(item({ a: { S: '1' } }))
    })

    test('of many puts if absent at once, one happens', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, n) => table.put(item({ n: { N: String(n) } }), { ifAbsent: true })),
      )
      const winners = outcomes.flatMap(({ outcome }, n) => (outcome === 'done' ? [n] : []))
      expect(winners.length).toBe(1)
      expect(await table.get(key)).toEqual(item({ n: { N: String(winners[0]) } }))
    })

    test('put if unchanged happens upon the item that was read, and upon no other', async () => {
      const first = item({ a: { S: '1' }, map: { M: { x: { N: '1' } } } })
      await table.put(first)
      expect(await table.put(item({ a: { S: '2' } }), { ifUnchanged: first })).toMatchObject({
        outcome: 'done',
      })
      expect(await table.put(item({ a: { S: '3' } }), { ifUnchanged: first })).toEqual({
        outcome: 'unmet',
        current: item({ a: { S: '2' } }),
      })
      await table.delete(key)
      expect(await table.put(item({ a: { S: '3' } }), { ifUnchanged: item({ a: { S: '2' } }) })).toEqual({
        outcome: 'unmet',
      })
    })

    test('an attribute that was added meanwhile is a change', async () => {
      const first = item({ a: { S: '1' } })
      await table.put(item({ a: { S: '1' }, email: { S: 'x' } }))
      expect((await table.put(item({ a: { S: '2' } }), { ifUnchanged: first })).outcome).toBe('unmet')
      expect((await table.delete(key, { ifUnchanged: first })).outcome).toBe('unmet')
    })

    test('counting up by conditional puts loses no count', async () => {
      const countUp = async () => {
        for (;;) {
          const current = await table.get(key)
          const n = Number((current?.n as { N: string } | undefined)?.N ?? 0) + 1
          const next = item({ n: { N: String(n) } })
          const put = await table.put(next, current ? { ifUnchanged: current } : { ifAbsent: true })
          if (put.outcome === 'done') return
        }
      }
      await Promise.all(Array.from({ length: 10 }, countUp))
      expect(await table.get(key)).toEqual(item({ n: { N: '10' } }))
    })

    test('delete if unchanged spares an item that changed', async () => {
      await table.put(item({ a: { S: '2' } }))
      expect((await table.delete(key, { ifUnchanged: item({ a: { S: '1' } }) })).outcome).toBe('unmet')
      expect((await table.delete(key, { ifUnchanged: item({ a: { S: '2' } }) })).outcome).toBe('done')
      expect((await table.delete(key, { ifUnchanged: item({ a: { S: '2' } }) })).outcome).toBe('unmet')
    })

    test.each([
      ['without PK', { SK: { S: 'x' } }],
      ['with an empty key', { PK: { S: '' }, SK: { S: 'x' } }],
      ['with a number as key', { PK: { N: '1' }, SK: { S: 'x' } }],
      ['with a plain value', { ...keyOnly, a: 'plain' }],
      ['with two tags', { ...keyOnly, a: { S: 'x', N: '1' } }],
      ['with a lone surrogate', { ...keyOnly, a: { S: '\ud800' } }],
      ['of more than 400 KB', { ...keyOnly, a: { S: 'x'.repeat(410_000) } }],
    ])('an item %s is refused', async (_, wrong) => {
      await expect(table.put(wrong as Item)).rejects.toThrow(TypeError)
      expect(await table.get(key)).toBeUndefined()
    })

    test('an item of 390 KB is taken', async () => {
      const large = item({ a: { S: 'é'.repeat(195_000) } })
      await table.put(large)
      expect(await table.get(key)).toEqual(large)
    })

    test('what the table gave is the caller’s own', async () => {
      const given = item({ map: { M: { a: { S: '1' } } } })
      await table.put(given)
      const got = (await table.get(key)) as { map: { M: Item } }
      ;(got.map.M as { a: unknown }).a = { S: '2' }
      expect(await table.get(key)).toEqual(item({ map: { M: { a: { S: '1' } } } }))
    })
  })
}
