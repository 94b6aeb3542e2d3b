import { expect, test } from 'vitest'
import { bugs } from './bugs.ts'
import { faultOf } from './fault.ts'

test('every bug of the list can be planted: its text stands once in its source', () => {
  const faults = bugs.flatMap((bug) => {
    const fault = faultOf(bug)
    return fault === undefined ? [] : [`${bug.what} ${fault}`]
  })
  expect(faults).toEqual([])
  expect(bugs.length).toBeGreaterThan(100)
})
