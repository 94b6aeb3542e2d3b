import { expect, test } from 'vitest'
import {
  type ChangeColumn,
  changeIdentity,
  compareChanges,
  compareDeliveries,
  itemIdentity,
} from '../../src/record/change.ts'

const change: ChangeColumn = {
  table: 'fans',
  key: '{"PK":{"S":"a"}}',
  micros: 1_739_471_400_123_456,
  operation: 'MODIFY',
  id: 'x',
  sequence: '0007',
}
const whole = { ...change, micros: 1_739_471_400_123_000 }

test('an item is its type, its table and its key', () => {
  const identity = itemIdentity('demand', change)
  expect(itemIdentity('demand', { ...whole, operation: 'REMOVE', id: 'y', sequence: null })).toBe(identity)
  for (const other of [{ table: 'sales' }, { table: null }, { key: '{}' }])
    expect(itemIdentity('demand', { ...change, ...other })).not.toBe(identity)
  expect(itemIdentity('sale', change)).not.toBe(identity)
})

test('a change is its item, time and operation, and at a whole millisecond its id', () => {
  const again = { id: 'y', sequence: null }
  expect(changeIdentity('demand', { ...change, ...again })).toBe(changeIdentity('demand', change))
  expect(changeIdentity('demand', { ...whole, sequence: null })).toBe(changeIdentity('demand', whole))
  expect(changeIdentity('demand', { ...whole, id: 'y' })).not.toBe(changeIdentity('demand', whole))
  for (const other of [{ table: 'sales' }, { micros: 1_739_471_400_123_457 }, { operation: 'INSERT' }])
    expect(changeIdentity('demand', { ...change, ...other })).not.toBe(changeIdentity('demand', change))
})

test('a time is one time as a number and as a bigint, and whole before 1970 too', () => {
  for (const micros of [change.micros, whole.micros, -5000, -5001])
    expect(changeIdentity('demand', { ...change, micros: BigInt(micros) })).toBe(
      changeIdentity('demand', { ...change, micros }),
    )
  const early = { ...change, micros: -5000 }
  expect(changeIdentity('demand', { ...early, id: 'y' })).not.toBe(changeIdentity('demand', early))
})

test('of deliveries of one change the lowest sequence counts, and none is lower than any', () => {
  expect(compareDeliveries({ ...change, sequence: '0006' }, change)).toBeLessThan(0)
  expect(compareDeliveries(change, { ...change, sequence: null })).toBeGreaterThan(0)
  expect(compareDeliveries(change, { ...change })).toBe(0)
})

test('changes of an item are ordered by time, then sequence, then operation', () => {
  const sorted = [
    { ...change, micros: 1, sequence: '9', operation: 'REMOVE' },
    { ...change, micros: 2, sequence: null, operation: 'SNAPSHOT' },
    { ...change, micros: 2, sequence: '1', operation: 'REMOVE' },
    { ...change, micros: 2, sequence: '2', operation: 'SNAPSHOT' },
    { ...change, micros: 2, sequence: '2', operation: 'INSERT' },
    { ...change, micros: 2n, sequence: '2', operation: 'MODIFY' },
    { ...change, micros: 2, sequence: '2', operation: 'REMOVE' },
  ]
  for (const [index, one] of sorted.entries())
    for (const [place, other] of sorted.entries())
      expect(Math.sign(compareChanges(one, other))).toBe(Math.sign(index - place))
})
