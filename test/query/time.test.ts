import { DuckDBConnection } from '@duckdb/node-api'
import { expect, onTestFinished, test, vi } from 'vitest'
import { change, demandItem, records } from '../changes.ts'
import { openTestArchive } from './archive.ts'

test('a statement whose partitions were chosen by the time runs at a time that stands still, others do not', async () => {
  const archive = await openTestArchive()
  onTestFinished(() => archive.close())
  for (const day of ['2025-02-13', '2025-02-14'])
    await archive.add(records([change({ item: { ...demandItem, date: { requested: `${day}T01:00:00Z` } } })]))
  const timed =
    "SELECT COUNT(*) AS n FROM demand WHERE partition_date >= '2025-02-14' AND date(partition_date) < current_date"
  const untimed = "SELECT COUNT(*) AS n FROM demand WHERE partition_date >= '2025-02-14'"
  // Both read what is loaded then, so that only the statement itself begins a transaction.
  expect(await archive.sql(timed)).toEqual([{ n: 1 }])
  expect(await archive.sql(untimed)).toEqual([{ n: 1 }])
  const run = vi.spyOn(DuckDBConnection.prototype, 'run')
  onTestFinished(() => run.mockRestore())
  const begun = async (sql: string) => {
    run.mockClear()
    await archive.sql(sql)
    return run.mock.calls.filter(([text]) => text === 'BEGIN TRANSACTION').length
  }
  expect(await begun(untimed)).toBe(0)
  expect(await begun(timed)).toBe(1)
})

test('where midnight passes between the choice of partitions and the statement, the statement begins again', async () => {
  const archive = await openTestArchive()
  onTestFinished(() => archive.close())
  for (const day of ['2025-02-13', '2025-02-14'])
    await archive.add(records([change({ item: { ...demandItem, date: { requested: `${day}T01:00:00Z` } } })]))
  // Nobody can wait for midnight: the first choice of partitions is made as on the second of the two days.
  const read = DuckDBConnection.prototype.runAndReadAll
  const asked: string[] = []
  const spy = vi.spyOn(DuckDBConnection.prototype, 'runAndReadAll').mockImplementation(function (
    this: DuckDBConnection,
    sql,
    ...rest
  ) {
    const isChoice = sql.includes('CAST($1::JSON') && sql.includes('now()')
    if (isChoice) asked.push(sql)
    const isFirst = isChoice && asked.length === 1
    return read.call(
      this,
      isFirst ? sql.replaceAll('now()', "TIMESTAMPTZ '2025-02-14 00:00:00Z'") : sql,
      ...rest,
    )
  })
  onTestFinished(() => spy.mockRestore())
  const timed = 'SELECT COUNT(*) AS n FROM demand WHERE date(partition_date) < current_date'
  expect(await archive.sql(timed)).toEqual([{ n: 2 }])
  // The first choice, what held at the statement's own time, and both again.
  expect(asked).toHaveLength(3)
})
