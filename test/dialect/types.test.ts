import { describe, expect, test } from 'vitest'
import {
  arrayOf,
  bigint,
  boolean,
  canCoerce,
  commonType,
  date,
  decimal,
  double,
  integer,
  isOrderable,
  json,
  mapOf,
  real,
  type SqlType,
  smallint,
  timestamp,
  tinyint,
  typeName,
  unknown,
  varchar,
  varcharOf,
  zoned,
} from '../../src/dialect/types.ts'

const char = (length: number): SqlType => ({ kind: 'char', length })
const row = (...fields: readonly (readonly [string | undefined, SqlType])[]): SqlType => ({
  kind: 'row',
  fields: fields.map(([name, type]) => (name === undefined ? { type } : { name, type })),
})

describe('the type in which two types meet, in either order', () => {
  test.each<[SqlType, SqlType, string]>([
    [unknown, date, 'date'],
    [tinyint, smallint, 'smallint'],
    [integer, bigint, 'bigint'],
    [bigint, real, 'real'],
    [real, decimal(20, 2), 'real'],
    [real, double, 'double'],
    [tinyint, decimal(3, 1), 'decimal(4,1)'],
    [smallint, decimal(3, 1), 'decimal(6,1)'],
    [integer, decimal(3, 1), 'decimal(11,1)'],
    [bigint, decimal(3, 1), 'decimal(20,1)'],
    [decimal(5, 4), decimal(5, 1), 'decimal(8,4)'],
    [decimal(38, 0), decimal(38, 10), 'decimal(38,10)'],
    [varcharOf(3), varcharOf(5), 'varchar(5)'],
    [varcharOf(3), varchar, 'varchar'],
    [char(2), char(4), 'char(4)'],
    [varcharOf(3), char(2), 'char(3)'],
    [varchar, char(2), 'varchar'],
    [date, timestamp(6), 'timestamp(6)'],
    [date, zoned(3), 'timestamp(3) with time zone'],
    [timestamp(6), zoned(3), 'timestamp(6) with time zone'],
    [timestamp(0), timestamp(6), 'timestamp(6)'],
    [arrayOf(integer), arrayOf(double), 'array(double)'],
    [mapOf(varcharOf(1), integer), mapOf(varcharOf(2), bigint), 'map(varchar(2), bigint)'],
    [row(['a', integer]), row(['a', bigint]), 'row(a bigint)'],
    [row(['a', integer]), row(['b', integer]), 'row(integer)'],
    [row(['a', integer]), row([undefined, integer]), 'row(integer)'],
  ])('%o and %o', (one, other, name) => {
    for (const both of [commonType(one, other), commonType(other, one)])
      expect(both && typeName(both)).toBe(name)
  })

  test.each<[SqlType, SqlType]>([
    [varchar, date],
    [varchar, timestamp(3)],
    [varchar, integer],
    [varchar, boolean],
    [boolean, integer],
    [json, varchar],
    [arrayOf(integer), arrayOf(varchar)],
    [arrayOf(integer), integer],
    [row(['a', integer]), row(['a', integer], ['b', integer])],
    [row(['a', integer]), row(['a', varchar])],
    [mapOf(varchar, integer), mapOf(varchar, boolean)],
  ])('%o and %o have none', (one, other) => {
    expect(commonType(one, other)).toBeUndefined()
    expect(commonType(other, one)).toBeUndefined()
  })
})

test('a value stands for one of a wider type without a CAST, and for one of a narrower type never', () => {
  for (const [narrow, wide] of [
    [integer, bigint],
    [integer, decimal(10, 0)],
    [bigint, real],
    [real, double],
    [varcharOf(2), varchar],
    [date, timestamp(3)],
    [timestamp(3), zoned(3)],
    [arrayOf(integer), arrayOf(bigint)],
  ] as const) {
    expect([typeName(narrow), canCoerce(narrow, wide)]).toEqual([typeName(narrow), true])
    expect([typeName(wide), canCoerce(wide, narrow)]).toEqual([typeName(wide), false])
  }
  expect(canCoerce(integer, decimal(9, 0))).toBe(false)
})

test('maps, JSON and what holds them have no order', () => {
  const map = mapOf(varchar, integer)
  for (const type of [map, json, arrayOf(map), row(['a', integer], ['b', json])])
    expect([typeName(type), isOrderable(type)]).toEqual([typeName(type), false])
  for (const type of [integer, varchar, zoned(3), arrayOf(date), row(['a', integer], ['b', varchar])])
    expect([typeName(type), isOrderable(type)]).toEqual([typeName(type), true])
})
