import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { toCell } from '../../src/query/cell.ts'
import { cellJson } from '../../src/query/text.ts'

test('a text keeps a U+FEFF at its start, short or long, alone and inside of others', async () => {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const short = "chr(65279) || 'x'"
  const long = "chr(65279) || 'a text of more than twelve bytes'"
  const found = await connection.runAndReadAll(
    `SELECT ${short}, ${long}, [${short}], {a: ${long}}, MAP {${short}: ${short}}`,
  )
  expect(found.getRows()[0]?.map((value) => JSON.parse(cellJson(toCell(value))))).toEqual([
    '\ufeffx',
    '\ufeffa text of more than twelve bytes',
    ['\ufeffx'],
    { a: '\ufeffa text of more than twelve bytes' },
    { '\ufeffx': '\ufeffx' },
  ])
  connection.closeSync()
  instance.closeSync()
})
