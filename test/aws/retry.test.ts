import { expect, test } from 'vitest'
import { backoff } from '../../src/aws/retry.ts'

test('a wait is between half of its bound and all of it, and the bound doubles up to the longest', () => {
  const waits = (random: number) =>
    [1, 2, 3, 4, 40].map((failures) => backoff(failures, [100, 500], () => random))
  expect(waits(0)).toEqual([50, 100, 200, 250, 250])
  expect(waits(1)).toEqual([100, 200, 400, 500, 500])
})
