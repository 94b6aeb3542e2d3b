import { partitionColumn } from '../../derive/ddl.ts'
import { describeFields } from '../../derive/markdown.ts'
import { viewsOf } from '../../query/views.ts'
import type { Catalog, RecordSchema } from '../../record/schema.ts'
import type { Field, RecordType, Type } from '../../record/type.ts'

/** The table of a record type and the views beside it, by their names in SQL: the table first. */
export function relationNames(schema: RecordSchema): readonly string[] {
  return [schema.type, ...viewsOf(schema, []).map(({ name }) => name)]
}

/** The record type behind a table or a view, whose name may be written with its database and in quotes. */
export function findSchema(catalog: Catalog, written: string): RecordSchema | undefined {
  const name = written.replace(/["`]/g, '').replace(/^.*\./, '').toLowerCase()
  return [...catalog.values()].find((schema) => relationNames(schema).includes(name))
}

/** What `.columns` shows of a table: a line for each column, and for each field of a record in one, by its path. */
export function columnRows(schema: RecordSchema): readonly (readonly string[])[] {
  const { name, comment } = partitionColumn
  return [
    ...describeFields(schema.row).map(({ path, sqlType, isPersonal, doc }) => [
      path.toLowerCase(),
      sqlType,
      // What no schema models may be anything.
      isPersonal ? 'personal' : path === 'extra' ? 'may be' : '',
      doc,
    ]),
    [name, 'varchar', '', comment],
  ]
}

/** The fields that a path leads to, in the types that have it: those of `date` for `['date']`. */
export function fieldsAt(fields: readonly Field[], path: readonly string[]): readonly Field[] {
  const [name, ...rest] = path
  if (name === undefined) return fields
  const inner = fields
    .filter((field) => field.name.toLowerCase() === name)
    .flatMap((field) => recordOf(field.type)?.fields ?? [])
  return fieldsAt(inner, rest)
}

function recordOf(type: Type): RecordType | undefined {
  if (type.kind === 'optional') return recordOf(type.of)
  return type.kind === 'record' ? type : undefined
}
