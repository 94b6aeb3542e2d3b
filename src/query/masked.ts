import { partitionColumn } from '../derive/ddl.ts'
import type { RecordSchema } from '../record/schema.ts'
import { fieldsWithin } from '../record/type.ts'

const mask = "'•••'"

/**
 * The table of a record type without personal data: its personal columns, and whatever no schema models, are masked
 * where they have a value. A column that holds a personal field further down is left out whole.
 */
export function maskedSelect(schema: RecordSchema): string {
  const columns = schema.row.fields.flatMap((field) => {
    const name = field.name.toLowerCase()
    if (field.pii) return [`CASE WHEN "${name}" IS NULL THEN NULL ELSE ${mask} END AS "${name}"`]
    if (field.name === 'extra') return [`map_keys("extra") AS "extra_names"`]
    return fieldsWithin(field.type).some(({ pii }) => pii) ? [] : [`"${name}"`]
  })
  return `SELECT ${[...columns, `"${partitionColumn.name}"`].join(', ')} FROM "${schema.type}"`
}
