import { expect, test } from 'vitest'
import { createTranslator } from '../../src/dialect/statement.ts'
import { bigint, varchar } from '../../src/dialect/types.ts'

const translate = createTranslator([
  {
    name: 't',
    columns: [
      { name: 'n', type: bigint },
      { name: 's', type: varchar },
      { name: 'a', type: { kind: 'array', items: bigint } },
      { name: 'd', type: { kind: 'date' } },
    ],
    sql: 't',
  },
])
const lengthOf = (expression: string) => translate(`SELECT ${expression} FROM t`).sql.length

const around = (depth: number, begin: string, inside: string, end: string) =>
  begin.repeat(depth) + inside + end.repeat(depth)

// Each puts an expression into itself, so that one that is written twice for each level would double with every level.
const nested: readonly (readonly [string, (depth: number) => string])[] = [
  ['a division', (depth) => around(depth, '(7 / ', 'n', ')')],
  ['a division from the left', (depth) => around(depth, '(', 'n', ' / 7)')],
  ['a remainder', (depth) => around(depth, '(7 % ', 'n', ')')],
  ['a sum', (depth) => around(depth, '(n + ', 'n', ')')],
  ['mod', (depth) => around(depth, 'mod(7, ', 'n', ')')],
  ['date_add', (depth) => around(depth, "date_add('day', 1, ", 'd', ')')],
  ['date_trunc', (depth) => around(depth, "date_trunc('day', ", 'd', ')')],
  ['the operand of CASE', (depth) => around(depth, 'CASE ', 'n', ' WHEN 1 THEN 2 WHEN 3 THEN 4 ELSE 5 END')],
  ['a result of CASE', (depth) => around(depth, 'CASE WHEN n = 1 THEN ', 'n', ' ELSE 5 END')],
  ['BETWEEN', (depth) => around(depth, 'if(', 'n', ' BETWEEN 1 AND 3, 1, 2)')],
  ['IN', (depth) => around(depth, 'if(', 'n', ' IN (1, n, 3), 1, 2)')],
  ['coalesce', (depth) => around(depth, 'coalesce(', 'n', ', 1)')],
  ['nullif', (depth) => around(depth, 'nullif(', 'n', ', 1)')],
  ['greatest', (depth) => around(depth, 'greatest(', 'n', ', 1)')],
  ['a subscript', (depth) => around(depth, 'a[', 'n', ']')],
  ['element_at', (depth) => around(depth, 'element_at(a, ', 'n', ')')],
  ['TRY', (depth) => around(depth, 'try(1 + ', 'n', ')')],
  ['CAST', (depth) => around(depth, 'CAST(CAST(', 'n', ' AS varchar) AS bigint)')],
  ['TRY_CAST', (depth) => around(depth, 'CAST(TRY_CAST(', 's', ' AS bigint) AS varchar)')],
  ['substr', (depth) => around(depth, 'substr(', 's', ', 2)')],
  ['split_part', (depth) => around(depth, 'split_part(', 's', ", ',', 1)")],
  ['array_remove', (depth) => around(depth, 'array_remove(', 'a', ', 1)')],
  ['array_max', (depth) => around(depth, 'array_max(ARRAY[', 'n', ', 1])')],
  ['transform', (depth) => around(depth, 'element_at(transform(ARRAY[', 'n', '], x -> x + 1), 1)')],
]

test.each(nested)('the translation grows with the statement, and no faster: %s', (_, make) => {
  for (const depth of [8, 16]) {
    const growth = lengthOf(make(2 * depth)) / lengthOf(make(depth))
    expect(growth, `${depth}`).toBeLessThan(2.6)
  }
})

test('a chain of operators is as long as it was written', () => {
  for (const operator of ['/', '+', '%', '*']) {
    const chain = (count: number) => Array.from({ length: count }, () => 'n').join(` ${operator} `)
    expect(lengthOf(chain(64)) / lengthOf(chain(32)), operator).toBeLessThan(2.6)
  }
})
