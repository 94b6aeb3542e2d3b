import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { StreamRecord } from '../../src/codec/lambda-event.ts'

import { type ChangeSpec, change, demandItem } from '../changes.ts'
import { openTestArchive, type TestArchive } from './archive.ts'

let archive: TestArchive
beforeEach(async () => {
  archive = await openTestArchive()
})
afterEach(() => archive.close())

let sequence = 0
const at = (spec: ChangeSpec, number = ++sequence): StreamRecord => ({
  payload: change(spec),
  sequence: String(number),
})
const item = (n: number, over: object = {}) => ({
  ...demandItem,
  SK: `DEMAND#${n}`,
  fanId: `fan-${n}`,
  ...over,
})

describe('_changes', () => {
  test('a change that was delivered twice stands once, as the delivery with the lowest sequence', async () => {
    const twice = { id: 'x', item: item(1), at: '2025-02-13T18:30:00.123456Z' }
    await archive.add([at(twice, 20), at({ id: 'y', item: item(2) }, 21)])
    await archive.add([at({ ...twice, id: 'other id' }, 3)], 'elsewhere')
    expect(await archive.sql('SELECT COUNT(*) AS n FROM demand')).toEqual([{ n: 3 }])
    expect(
      await archive.sql(
        "SELECT fanid, change.id AS id, ltrim(change.sequence, '0') AS sequence FROM demand_changes ORDER BY 1",
      ),
    ).toEqual([
      { fanid: 'fan-1', id: 'other id', sequence: '3' },
      { fanid: 'fan-2', id: 'y', sequence: '21' },
    ])
  })

  test('where the clock ticks in whole milliseconds, changes of different ids stay two', async () => {
    const coarse = { item: item(1), at: '2025-02-13T18:30:00.123000Z', operation: 'MODIFY' }
    await archive.add([at({ ...coarse, id: 'a' }), at({ ...coarse, id: 'b' }), at({ ...coarse, id: 'a' })])
    expect(await archive.sql('SELECT change.id AS id FROM demand_changes ORDER BY 1')).toEqual([
      { id: 'a' },
      { id: 'b' },
    ])
  })

  test('changes of another operation, time or item are other changes', async () => {
    const base = { id: 'same', item: item(1), at: '2025-02-13T18:30:00.000001Z' }
    await archive.add([
      at(base),
      at({ ...base, operation: 'MODIFY' }),
      at({ ...base, at: '2025-02-13T18:30:00.000002Z' }),
      at({ ...base, item: item(2) }),
    ])
    expect(await archive.sql('SELECT COUNT(*) AS n FROM demand_changes')).toEqual([{ n: 4 }])
  })
})

test('two tables in one stream stay apart, though their items have the same keys', async () => {
  const moment = '2025-02-13T18:30:00.000001Z'
  await archive.add([
    at({ id: 'a', item: item(1), at: moment, table: 'blue' }),
    at({ id: 'a', item: item(1), at: moment, table: 'green' }),
    at({ item: item(1), operation: 'REMOVE', at: '2025-02-13T18:31:00Z', table: 'blue' }),
  ])
  const tables = (view: string) => archive.sql(`SELECT change."table" AS t FROM ${view} ORDER BY 1`)
  expect(await tables('demand_changes')).toEqual([{ t: 'blue' }, { t: 'blue' }, { t: 'green' }])
  expect(await tables('demand_current')).toEqual([{ t: 'green' }])
})

describe('_current', () => {
  test('an item shows its latest state, whatever the order of arrival, and a deleted one is gone', async () => {
    await archive.add([
      at({ item: item(1, { saleName: 'second' }), operation: 'MODIFY', at: '2025-02-13T18:30:00.000002Z' }),
      at({ item: item(1, { saleName: 'first' }), at: '2025-02-13T18:30:00.000001Z' }),
      at({ item: item(2), at: '2025-02-13T18:30:00Z' }),
      at({ item: item(2), operation: 'REMOVE', at: '2025-02-14T18:30:00Z' }),
    ])
    expect(await archive.sql('SELECT fanid, salename FROM demand_current')).toEqual([
      { fanid: 'fan-1', salename: 'second' },
    ])
  })

  test('an item made anew after its delete is current', async () => {
    await archive.add([
      at({ item: item(1), at: '2025-02-13T18:30:00Z' }),
      at({ item: item(1), operation: 'REMOVE', at: '2025-02-13T18:31:00Z' }),
      at({ item: item(1, { saleName: 'again' }), at: '2025-02-13T18:32:00Z' }),
    ])
    expect(await archive.sql('SELECT salename, isdeleted FROM demand_current')).toEqual([
      { salename: 'again', isdeleted: false },
    ])
  })

  test('at one instant the sequence decides, then the operation', async () => {
    const moment = '2025-02-13T18:30:00.5Z'
    await archive.add([
      at({ id: 'a', item: item(1, { saleName: 'later' }), operation: 'MODIFY', at: moment }, 9),
      at({ id: 'b', item: item(1, { saleName: 'earlier' }), operation: 'MODIFY', at: moment }, 8),
      at({ id: 'c', item: item(2), operation: 'REMOVE', at: moment }, 7),
    ])
    await archive.add([at({ id: 'd', item: item(2), at: moment }, 7)], 'elsewhere')
    expect(await archive.sql('SELECT fanid, salename FROM demand_current')).toEqual([
      { fanid: 'fan-1', salename: 'later' },
    ])
  })
})

test('a view has the columns of its table, and the plural name its rows', async () => {
  await archive.add([at({ item: item(1) })])
  const [table = {}] = await archive.sql('SELECT * FROM demand')
  for (const view of ['demands', 'demand_changes', 'demand_current']) {
    const [row = {}] = await archive.sql(`SELECT * FROM ${view}`)
    expect(Object.entries(row)).toEqual(Object.entries(table))
  }
})

test('for any history, delivered in any order and partly twice, the views equal a plain fold', async () => {
  const arbitraryChange = fc.record({
    n: fc.nat(3),
    micros: fc.nat(6).map((ticks) => ticks * 500),
    operation: fc.constantFrom('INSERT', 'MODIFY', 'REMOVE'),
    id: fc.constantFrom('a', 'b'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(arbitraryChange, { minLength: 1, maxLength: 30 }), async (history) => {
      const own = await openTestArchive()
      try {
        const rows = history.map((entry, index) => ({ ...entry, sequence: index + 1 }))
        await own.add(
          rows.map(({ n, micros, operation, id, sequence: number }) =>
            at(
              {
                id,
                operation,
                item: item(n, { saleName: String(number) }),
                at: `2025-02-13T18:30:00.${String(micros).padStart(6, '0')}Z`,
              },
              number,
            ),
          ),
        )
        const changes = new Map<string, (typeof rows)[number]>()
        for (const row of rows) {
          const identity = JSON.stringify([
            row.n,
            row.micros,
            row.operation,
            row.micros % 1000 === 0 ? row.id : '',
          ])
          if (!changes.has(identity)) changes.set(identity, row)
        }
        const latest = new Map<number, (typeof rows)[number]>()
        for (const row of changes.values()) {
          const before = latest.get(row.n)
          if (
            !before ||
            row.micros > before.micros ||
            (row.micros === before.micros && row.sequence > before.sequence)
          )
            latest.set(row.n, row)
        }
        const numbers = (list: Iterable<{ sequence: number }>) =>
          [...list].map(({ sequence: number }) => number).sort((a, b) => a - b)
        const select = (view: string) => `SELECT CAST(salename AS INT) AS sequence FROM ${view}`
        const toNumbers = async (view: string) =>
          numbers((await own.sql(select(view))) as { sequence: number }[])
        expect(await toNumbers('demand_changes')).toEqual(numbers(changes.values()))
        expect(await toNumbers('demand_current')).toEqual(
          numbers([...latest.values()].filter(({ operation }) => operation !== 'REMOVE')),
        )
      } finally {
        own.close()
      }
    }),
    { numRuns: 40 },
  )
})
