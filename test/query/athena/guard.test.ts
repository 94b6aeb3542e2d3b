import { describe, expect, test } from 'vitest'
import { readAthenaStatement } from '../../../src/query/athena/guard.ts'
import { readGuarded } from '../../trino/corpus/guarded.ts'

const refusal = expect.objectContaining({ code: 'QUERY_REFUSED' })

describe('what makes a table in Trino is refused, whatever comments, line ends and spaces stand in it', () => {
  const acting = readGuarded().filter(({ does }) => does === 'acts')

  test('there are statements of every line end among them', () => {
    for (const end of ['\r', '\n', '\r\n'])
      expect(acting.map(({ sql }) => sql)).toContainEqual(expect.stringContaining(end))
    expect(acting.length).toBeGreaterThan(50)
  })

  test.each(acting.map(({ sql }) => [JSON.stringify(sql), sql]))('%s', (_, sql) => {
    expect(() => readAthenaStatement(sql)).toThrow(refusal)
  })
})

test('what reads in Trino is sent, but for EXPLAIN of what would act', () => {
  const reading = readGuarded().filter(
    ({ sql, does }) => does === 'reads' && !/^EXPLAIN (?!ANALYZE)/.test(sql),
  )
  expect(reading.length).toBeGreaterThan(100)
  for (const { sql } of reading) expect(() => readAthenaStatement(sql)).not.toThrow()
})

describe('a carriage return', () => {
  test('ends a comment, and is sent as a line feed', () => {
    expect(readAthenaStatement('SELECT 1 -- one\r, 2')).toBe('SELECT 1 -- one\n, 2')
    expect(readAthenaStatement('SELECT 1\r\n+ 1')).toBe('SELECT 1\n\n+ 1')
  })
  test('stays in quotes, and a function in them too', () => {
    const text = `'a\r-- unix_timestamp(b)\r'`
    expect(readAthenaStatement(`SELECT ${text}, "x\r"`)).toBe(`SELECT ${text}, "x\r"`)
    expect(readAthenaStatement("SELECT 1 -- it's\r, '\n unix_timestamp(x)'")).toBe(
      "SELECT 1 -- it's\n, '\n unix_timestamp(x)'",
    )
    expect(readAthenaStatement("SELECT 1 -- it's\r, unix_timestamp(x)")).toBe(
      "SELECT 1 -- it's\n, CAST(floor(to_unixtime(x)) AS bigint)",
    )
  })
})

describe('a table function of a connector is refused', () => {
  test.each([
    "SELECT * FROM TABLE(pg.system.query(query => 'DELETE FROM x'))",
    "SELECT * FROM TABLE(pg.system.query('DELETE FROM x'))",
    `SELECT * FROM TABLE("pg"."system"."query"("query" => 'DELETE FROM x'))`,
    "SELECT * FROM TABLE --\r( pg . system /* */ . raw_query ('x'))",
  ])('%j', (sql) => {
    expect(() => readAthenaStatement(sql)).toThrow(refusal)
  })

  test('and Trino’s own are not', () => {
    const sql = 'SELECT * FROM TABLE(sequence(start => 1, stop => 3))'
    expect(readAthenaStatement(sql)).toBe(sql)
  })
})
