import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { createNames, quoteText } from '../../src/dialect/sql.ts'
import { fixedOffset, instantOf, normalizeZone, toInstant, toLocal } from '../../src/dialect/zone.ts'

test.each([
  ['z', 'UTC'],
  ['UTC', 'UTC'],
  ['+00:00', 'UTC'],
  ['-00', 'UTC'],
  ['gmt', 'GMT'],
  ['+05', '+05:00'],
  ['-03:30', '-03:30'],
  ['+14:59', '+14:59'],
  ['+15:00', undefined],
  ['-24:00', undefined],
  ['+05:60', undefined],
  ['+5', undefined],
  ['America/New_York', 'America/New_York'],
  ['Etc/GMT+5', 'Etc/GMT+5'],
  ['EST', undefined],
  ['ROC', undefined],
  ['america/new_york', undefined],
  ['Mars/Olympus', undefined],
  ['', undefined],
])('the zone %j is %s, as Java names it', (written, zone) => {
  expect(normalizeZone(written)).toBe(zone)
})

test('an offset has its minutes on the side of its hours', () => {
  expect([fixedOffset('UTC'), fixedOffset('+05:30'), fixedOffset('-03:30'), fixedOffset('-00:30')]).toEqual([
    0, 330, -210, -30,
  ])
  expect(fixedOffset('America/New_York')).toBeUndefined()
})

const micros = (text: string) => BigInt(Date.parse(`${text}Z`)) * 1000n
const berlin = 'Europe/Berlin'
const instants: readonly (readonly [string, string, string | undefined])[] = [
  ['2025-01-15T12:00:00', berlin, '2025-01-15T11:00:00'],
  ['2025-07-15T12:00:00', berlin, '2025-07-15T10:00:00'],
  // Clocks are put back at 3:00, so they show this time twice: the first is that of summer.
  ['2025-10-26T02:30:00', berlin, '2025-10-26T00:30:00'],
  // Clocks are put forward from 2:00 to 3:00.
  ['2025-03-30T02:30:00', berlin, undefined],
  ['2025-03-30T03:00:00', berlin, '2025-03-30T01:00:00'],
  ['2025-01-15T12:00:00', '-03:30', '2025-01-15T15:30:00'],
  ['1969-12-31T19:00:00', 'America/New_York', '1970-01-01T00:00:00'],
]

test.each(instants)('clocks show %s in %s at %s UTC', (local, zone, instant) => {
  expect(instantOf(micros(local), zone)).toBe(instant === undefined ? undefined : micros(instant))
})

test('DuckDB finds the same instants, and shows their times, for a zone in the statement and for one of a row', async () => {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const fresh = createNames('v')
  const timestamp = (text: string) => `TIMESTAMP '${text}'`
  try {
    for (const [local, zone, instant] of instants) {
      if (instant === undefined) continue
      for (const sql of [quoteText(zone), 'z']) {
        const found = await connection.runAndReadAll(
          `SELECT CAST(epoch_us(${toInstant('l', sql, fresh)}) AS VARCHAR), CAST(epoch_us(${toLocal('i', sql, fresh)}) AS VARCHAR)
           FROM (SELECT ${timestamp(local)} AS l, ${timestamp(instant)} AS i, ${quoteText(zone)} AS z)`,
        )
        expect([local, zone, sql, ...(found.getRows()[0] ?? [])]).toEqual([
          local,
          zone,
          sql,
          String(micros(instant)),
          String(micros(local)),
        ])
      }
    }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
})
