import { hiveColumns, partitionColumn } from '../../derive/ddl.ts'
import { quoteName } from '../../dialect/sql.ts'
import type { RecordSchema } from '../../record/schema.ts'
import { maskedSelect } from '../masked.ts'
import { viewsOf } from '../views.ts'

export type AthenaView = { readonly name: string; readonly what: string; readonly statement: string }

/** The statements that make the views of a record type in Athena, in the order in which they need one another. */
export function athenaViews(schema: RecordSchema): readonly AthenaView[] {
  const columns = [...hiveColumns(schema).map(({ name }) => name), partitionColumn.name]
  const views = viewsOf(schema, columns).map(({ name, select }) => ({
    name,
    what: 'Run it once: it makes the view.',
    statement: makeView(name, select),
  }))
  const masked = `${schema.type}_masked`
  const what = 'Run it once: the table without personal data.'
  return [...views, { name: masked, what, statement: makeView(masked, maskedSelect(schema)) }]
}

function makeView(name: string, select: string): string {
  return `CREATE OR REPLACE VIEW ${quoteName(name)} AS ${select}`
}
