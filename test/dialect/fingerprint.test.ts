import { expect, test } from 'vitest'
import { createTranslator } from '../../src/dialect/statement.ts'
import { bigint, varchar } from '../../src/dialect/types.ts'

const columns = [
  { name: 'n', type: bigint },
  { name: 's', type: varchar },
  { name: 'r', type: { kind: 'row' as const, fields: [{ name: 'x', type: bigint }] } },
]
const translate = createTranslator([
  { name: 't', columns, sql: 't' },
  { name: 'u', columns, sql: 'u' },
])

test.each([
  ["s = 'x'", "s = 'x'"],
  ['n + 1', 'N  +  1'],
  ['t.n + 1', 'n + 1'],
  ['substr(s, 1)', 'SUBSTR(t.S, 1)'],
  ['"N"', 'n'],
  ['r."X" + 1', 't.r.x + 1'],
  ['CAST(n AS varchar)', 'CAST(n AS VARCHAR)'],
  ["CASE WHEN n = 1 THEN 'a' END", "CASE WHEN t.n = 1 THEN 'a' END"],
])('%s is the expression %s of GROUP BY: places, case and the table do not tell them apart', (item, key) => {
  expect(translate(`SELECT ${item} FROM t GROUP BY ${key}`).sql).toContain(' GROUP BY ')
})

test.each([
  ["s = 'x'", "s = 'y'"],
  ['n + 1', 'n + 2'],
  ['substr(s, 1)', 'substr(s, 2)'],
  ['n + 1', '1 + n'],
  ["s LIKE 'a'", "s NOT LIKE 'a'"],
  ['n IS NULL', 'n IS NOT NULL'],
  ['CAST(n AS varchar)', 'CAST(n AS varchar(3))'],
  ['-n', 'abs(n)'],
  ['n IN (1, 2)', 'n IN (1, 3)'],
])('%s is not the expression %s of GROUP BY', (item, key) => {
  expect(() => translate(`SELECT ${item} FROM t GROUP BY ${key}`)).toThrow(
    /must be an aggregate expression or appear in GROUP BY clause/,
  )
})

test('a column of one table is not that of another one', () => {
  const from = 'FROM t CROSS JOIN u GROUP BY t.n + 1'
  expect(translate(`SELECT t.n + 1 ${from}`).sql).toContain(' GROUP BY ')
  expect(() => translate(`SELECT u.n + 1 ${from}`)).toThrow(/'u.n' must be an aggregate expression/)
})
