import { operations } from '../record/change.ts'
import type { RecordSchema } from '../record/schema.ts'
import { quoteName, quoteText } from './quote.ts'

export type View = { readonly name: string; readonly select: string }

/**
 * The views beside a record type's table, as SELECT statements that DuckDB and Athena both take:
 *
 * - the plural name: the table itself;
 * - `{type}_changes`: each change once, where the stream delivered it twice;
 * - `{type}_current`: the latest state of each item, deleted ones left out.
 *
 * `columns` are the table's, the partition column included.
 */
export function viewsOf(schema: RecordSchema, columns: readonly string[]): readonly View[] {
  const list = columns.map(quoteName).join(', ')
  const changes = `${schema.type}_changes`
  return [
    { name: schema.plural, select: `SELECT ${list} FROM ${quoteName(schema.type)}` },
    { name: changes, select: firstOfEach(list, schema.type, changeIdentity, deliveryOrder) },
    {
      name: `${schema.type}_current`,
      select: `SELECT ${list} FROM (${firstOfEach(list, changes, itemIdentity, latestFirst)}) AS latest WHERE NOT isdeleted`,
    },
  ]
}

const change = (field: string) => `"change".${quoteName(field)}`

const itemIdentity = [change('key')]

/** A clock of whole milliseconds may stamp two changes alike; then the change's id tells them apart. */
const changeIdentity = [
  change('key'),
  change('micros'),
  change('operation'),
  `CASE WHEN ${change('micros')} % 1000 = 0 THEN ${change('id')} END`,
]

/** Of a change that was delivered twice, the row with the lowest sequence number counts; the rest breaks ties. */
const deliveryOrder = [`COALESCE(${change('sequence')}, '')`, change('id'), '"partition_date"']

const precedence = operations.map((name, rank) => `WHEN ${quoteText(name)} THEN ${rank}`).join(' ')

const latestFirst = [
  `${change('micros')} DESC`,
  `COALESCE(${change('sequence')}, '') DESC`,
  `CASE ${change('operation')} ${precedence} END DESC`,
  `${change('id')} DESC`,
]

function firstOfEach(
  list: string,
  table: string,
  identity: readonly string[],
  order: readonly string[],
): string {
  const place = `row_number() OVER (PARTITION BY ${identity.join(', ')} ORDER BY ${order.join(', ')})`
  // No field of a schema can have a name with a space in it, so none is taken for the place.
  return `SELECT ${list} FROM (SELECT ${list}, ${place} AS "row place" FROM ${quoteName(table)}) AS ranked WHERE "row place" = 1`
}
