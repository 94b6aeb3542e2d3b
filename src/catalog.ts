import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PipelineError } from './record/error.ts'
import { type Catalog, compileSchema, toCatalog } from './record/schema.ts'
import type { Json } from './record/type.ts'

/** The folder of the built-in schemas: it lies beside this module in `src/` and in `dist/` alike. */
export const builtInSchemas = fileURLToPath(new URL('./schemas/', import.meta.url))

/** A file whose name starts so describes no record type. */
const addedFile = '_added.avsc'

/**
 * Reads the record types: one for every `*.avsc` in the built-in folder and in `folder`, whose file of the same
 * name wins. A new type is a new file and nothing else.
 *
 * Throws SCHEMA_INVALID, naming the file and the field.
 */
export function loadCatalog(folder?: string): Catalog {
  const files = new Map<string, string>()
  for (const place of folder === undefined ? [builtInSchemas] : [builtInSchemas, folder]) {
    for (const name of list(place)) files.set(name, join(place, name))
  }
  const added = readSchemaFile(join(builtInSchemas, addedFile))
  const schemas = [...files].map(([name, path]) => {
    const schema = compileSchema(readSchemaFile(path), added, path)
    if (name !== `${schema.type}.avsc`) {
      throw new PipelineError(
        'SCHEMA_INVALID',
        `${path}: the record is named "${schema.type}": name the file ${schema.type}.avsc`,
      )
    }
    return schema
  })
  return toCatalog(schemas)
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.avsc') && !name.startsWith('_'))
  } catch (cause) {
    throw new PipelineError('SCHEMA_INVALID', `the folder of schemas ${folder} cannot be read`, { cause })
  }
}

/** The JSON of a schema file. Throws SCHEMA_INVALID where it cannot be read or is no JSON. */
export function readSchemaFile(path: string): Json {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new PipelineError('SCHEMA_INVALID', `${path}: ${why}`, { cause })
  }
}

/** Compiles a single schema file, with the fields that the worker adds. Throws SCHEMA_INVALID. */
export function loadSchema(path: string) {
  return compileSchema(readSchemaFile(path), readSchemaFile(join(builtInSchemas, addedFile)), path)
}
