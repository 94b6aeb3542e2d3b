import { partitionColumn } from '../derive/ddl.ts'
import { quoteName, quoteText } from '../dialect/sql.ts'
import {
  type ChangeColumn,
  changeTerms,
  deliveryTerms,
  operations,
  orderTerms,
  type Term,
} from '../record/change.ts'
import type { RecordSchema } from '../record/schema.ts'

export type View = { readonly name: string; readonly select: string }

/**
 * The views beside a record type's table, as SELECT statements that DuckDB and Athena both take:
 *
 * - the plural name: the table itself;
 * - `{type}_changes`: each change once, where the stream delivered it twice;
 * - `{type}_current`: the latest state of each item, deleted ones left out.
 *
 * `columns` are the table's, the partition column included. A change that was delivered twice lies in one partition, so
 * `_changes` looks for it there alone, and a condition on the partition date reaches the table.
 */
export function viewsOf(schema: RecordSchema, columns: readonly string[]): readonly View[] {
  const list = columns.map(quoteName).join(', ')
  const changes = `${schema.type}_changes`
  const identity = [partition, ...changeTerms.map(termSql)]
  const latestFirst = orderTerms.map((term) => `${termSql(term)} DESC`)
  const latest = firstOfEach(list, namedTables(list, changes), [knownTable, keySql], latestFirst)
  return [
    { name: schema.plural, select: `SELECT ${list} FROM ${quoteName(schema.type)}` },
    {
      name: changes,
      select: firstOfEach(list, quoteName(schema.type), identity, deliveryTerms.map(termSql)),
    },
    {
      name: `${schema.type}_current`,
      select: `SELECT ${list} FROM (${latest}) AS latest WHERE NOT isdeleted`,
    },
  ]
}

const partition = quoteName(partitionColumn.name)
const memberSql = (field: keyof ChangeColumn) => `"change".${quoteName(field)}`
const tableSql = memberSql('table')
const keySql = memberSql('key')

const ranks = operations.map((name, rank) => `WHEN ${quoteText(name)} THEN ${rank}`).join(' ')

/** A term of an identity or an order as SQL, over the column `change`. */
function termSql({ field, as }: Term): string {
  const member = memberSql(field)
  switch (as) {
    case 'it is':
      return member
    case 'atWholeMs':
      return `CASE WHEN ${memberSql('micros')} % 1000 = 0 THEN ${member} END`
    case 'orEmpty':
      return `COALESCE(${member}, '')`
    case 'rank':
      return `CASE ${member} ${ranks} END`
  }
}

// No field of a schema can have a name with a space in it, so none is taken for these.
const known = '"known table"'
const place = '"row place"'

/**
 * An item is named by its table and its key. Rows of earlier releases have no table: such a row counts as one of the table
 * that other rows of its key name, so that an item does not become two when the release that keeps the table comes.
 */
const knownTable = `COALESCE(${tableSql}, ${known})`

function namedTables(list: string, view: string): string {
  return `(SELECT ${list}, MIN(${tableSql}) OVER (PARTITION BY ${keySql}) AS ${known} FROM ${quoteName(view)}) AS named`
}

function firstOfEach(
  list: string,
  from: string,
  identity: readonly string[],
  order: readonly string[],
): string {
  const number = `row_number() OVER (PARTITION BY ${identity.join(', ')} ORDER BY ${order.join(', ')})`
  return `SELECT ${list} FROM (SELECT ${list}, ${number} AS ${place} FROM ${from}) AS ranked WHERE ${place} = 1`
}
