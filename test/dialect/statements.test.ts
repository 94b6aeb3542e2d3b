import { describe, expect, test } from 'vitest'
import { readCatalogStatement } from '../../src/dialect/statements.ts'

describe('the statements about tables', () => {
  test.each([
    ['msck repair table Demand', 'repair', 'Demand'],
    ['  MSCK\n\tREPAIR  TABLE\r\ndemand  ', 'repair', 'demand'],
    ['MSCK REPAIR TABLE demand;', 'repair', 'demand'],
    ['MSCK REPAIR TABLE demand ; ;\n', 'repair', 'demand'],
    ['MSCK REPAIR TABLE `demand`', 'repair', 'demand'],
    ['MSCK REPAIR TABLE`demand`;', 'repair', 'demand'],
    ['MSCK REPAIR TABLE "demand"', 'repair', 'demand'],
    ['MSCK REPAIR TABLE demand ADD PARTITIONS', 'repair', 'demand'],
    ['MSCK REPAIR TABLE `demand` SYNC PARTITIONS;', 'repair', 'demand'],
    ['-- new files\nMSCK REPAIR TABLE demand -- done', 'repair', 'demand'],
    ['/* a */ MSCK /* b */ REPAIR /* c */ TABLE /* d */ demand /* e */ ; -- f', 'repair', 'demand'],
    ['/* ; */MSCK REPAIR TABLE demand/* ; */', 'repair', 'demand'],
    ['SHOW PARTITIONS demand', 'partitions', 'demand'],
    ['show partitions DEMAND;', 'partitions', 'DEMAND'],
    ['SHOW/**/PARTITIONS/**/`demand`', 'partitions', 'demand'],
    ['MSCK REPAIR TABLE demands', 'repair', 'demands'],
    ['MSCK REPAIR TABLE db.demand', 'repair', 'db.demand'],
  ])('are read in any spelling: %j', (sql, kind, table) => {
    expect(readCatalogStatement(sql)).toEqual({ kind, table })
  })

  test.each([
    'SELECT 1',
    "SELECT 'MSCK REPAIR TABLE demand'",
    'MSCK REPAIR TABLE',
    'MSCK REPAIR TABLEdemand',
    'MSCK REPAIR TABLE demandADD PARTITIONS',
    'MSCK REPAIR TABLE demand; SELECT 1',
    'MSCK REPAIR TABLE demand, event',
    "MSCK REPAIR TABLE 'demand'",
    '-- MSCK REPAIR TABLE demand',
    'SHOW PARTITIONS',
    'SHOW PARTITIONS demand PARTITION (a = 1)',
    '',
  ])('are not taken for another: %j', (sql) => {
    expect(readCatalogStatement(sql)).toBeUndefined()
  })

  test('are recognised in the time of one reading, whatever the text', () => {
    for (const part of ['/*', '--', '/* ', '"', "'", '`', ' ', ';', '\n', '--\n', '/**/', 'MSCK '])
      expect(readCatalogStatement(part.repeat(262_144 / part.length))).toBeUndefined()
  })
})
